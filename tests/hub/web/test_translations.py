"""Every language is whole, compiled as it stands, and keeps the places that words are put into."""

from __future__ import annotations

import gettext
import io
import re
from pathlib import Path

import pytest

from lagan.hub.web.translations import LOCALE, _entries, compiled

CATALOGUES = sorted(LOCALE.glob("*/LC_MESSAGES/django.po"))
PLACES = re.compile(r"%\(\w+\)[sd]")


def _catalogue(po: Path) -> dict[str | tuple[str, int], str]:
    read: dict[str | tuple[str, int], str]
    read = gettext.GNUTranslations(io.BytesIO(compiled(po.read_text())))._catalog  # type: ignore[attr-defined]
    return read


def test_there_are_czech_and_norwegian() -> None:
    assert [po.parts[-3] for po in CATALOGUES] == ["cs", "nb"]


@pytest.mark.parametrize("po", CATALOGUES, ids=lambda po: po.parts[-3])
def test_what_is_read_is_what_was_written(po: Path) -> None:
    assert po.with_suffix(".mo").read_bytes() == compiled(po.read_text())


@pytest.mark.parametrize("po", CATALOGUES, ids=lambda po: po.parts[-3])
def test_nothing_is_left_untranslated(po: Path) -> None:
    asked = po.read_text().count("\nmsgid ") - 1
    singular = {key if isinstance(key, str) else key[0] for key in _catalogue(po)} - {""}
    assert len(singular) == asked


@pytest.mark.parametrize("po", CATALOGUES, ids=lambda po: po.parts[-3])
def test_places_are_kept(po: Path) -> None:
    for parts in (each.parts for each in _entries(po.read_text()) if each.translated):
        for keyword, text in parts.items():
            one = keyword in ("msgstr", "msgstr[0]")
            original = parts["msgid"] if one else parts.get("msgid_plural", "")
            if keyword.startswith("msgstr") and parts["msgid"]:
                assert set(PLACES.findall(text)) == set(PLACES.findall(original)), original


def test_fuzzy_and_empty_messages_are_left_in_english() -> None:
    po = 'msgid ""\nmsgstr "Content-Type: text/plain; charset=UTF-8\\n"\n\n'
    po += '#, fuzzy\nmsgid "a"\nmsgstr "b"\n\nmsgid "c"\nmsgstr ""\n\n'
    po += 'msgctxt "x"\nmsgid "d"\nmsgstr "e"\n'
    read = gettext.GNUTranslations(io.BytesIO(compiled(po)))
    assert [read.gettext("a"), read.gettext("c"), read.pgettext("x", "d")] == ["a", "c", "e"]
