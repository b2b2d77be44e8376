"""User metadata of packages as pairs in a form, and what people sent read back.

What is no text (a number, a list, pairs in pairs) is shown as JSON, and stays what it is as long as
nobody changes that text.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _

from lagan.hub.packages.services import check_metadata
from lagan.kit.errors import BadInput

SPARE = 3
"""Empty pairs at the end of a form."""
MOST = 400
"""Pairs of one form."""
TEXT = "metadata-text"
"""Metadata that is one text instead of pairs."""
Get = Callable[[str], str | None]


@dataclass(frozen=True, slots=True)
class Pair:
    """A line of the form, or of the list on a page."""

    key: str
    value: str


def shown(metadata: Any) -> list[Pair]:
    """The pairs as a page lists them: each value of a list in a line of its own."""
    if not isinstance(metadata, Mapping):
        return [Pair("", _text(metadata))] if metadata else []
    return [
        Pair(key, _text(each))
        for key, value in metadata.items()
        for each in (value if isinstance(value, list) and value else [value])
    ]


def filled(metadata: Any, asked: Iterable[str] = ()) -> list[Pair]:
    """The pairs as a form begins with them: those that there are, the keys that are asked for, and
    some empty ones."""
    given = metadata if isinstance(metadata, Mapping) else {}
    pairs = [Pair(key, _text(value)) for key, value in given.items()]
    return [*pairs, *(Pair(key, "") for key in asked if key not in given), *[Pair("", "")] * SPARE]


def sent(get: Get) -> list[Pair]:
    """The pairs that a form brought, as they were typed."""
    numbers = range(1, MOST + 1)
    found = ((get(f"key-{number}"), get(f"value-{number}")) for number in numbers)
    return [Pair((key or "").strip(), value or "") for key, value in found if key or value]


def read(get: Get, before: Any = None) -> dict[str, Any] | str:
    """The metadata that a form brought; a pair without a value is left out. BadInput for a value
    without a key, for a key that stands twice, and for what is too large."""
    if (text := get(TEXT)) is not None:
        return check_metadata(text.replace("\r\n", "\n"))
    given = before if isinstance(before, Mapping) else {}
    values: dict[str, Any] = {}
    for pair in sent(get):
        value = pair.value.replace("\r\n", "\n")
        if not value.strip():
            continue
        if not pair.key:
            sentence = _("The value %(value)s has no key.") % {"value": value[:100]}
            raise BadInput(sentence, field="user_metadata")
        if pair.key in values:
            sentence = _("The key %(key)s stands twice.") % {"key": pair.key[:100]}
            raise BadInput(sentence, field="user_metadata")
        same = pair.key in given and value == _text(given[pair.key])
        values[pair.key] = given[pair.key] if same else value
    return check_metadata(values)


def history(previous: Mapping[str, Any]) -> list[tuple[str, Sequence[Pair]]]:
    """Former metadata with its number, the last one first."""
    numbered = sorted(previous.items(), key=lambda each: int(each[0]), reverse=True)
    return [(number, shown(value)) for number, value in numbered]


def _text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
