"""Names of any bytes are shown, carried and come back."""

from __future__ import annotations

import os

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lagan.hub.web.names import carried, last, readable, uncarried
from lagan.kit.errors import BadInput

PATHS = st.binary(min_size=1, max_size=60).filter(lambda name: b"\0" not in name).map(os.fsdecode)


@given(PATHS)
def test_what_is_carried_is_ascii_and_comes_back(path: str) -> None:
    text = carried(path)
    assert text.isascii()
    assert text.isprintable()
    assert uncarried(text) == path


@given(PATHS)
def test_what_is_shown_is_one_line_that_every_page_can_hold(path: str) -> None:
    shown = readable(path)
    assert shown.isprintable()
    shown.encode()


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("příliš žluťoučký.dat", "příliš žluťoučký.dat"),
        ("a\nb", "a\\nb"),
        ("latin-\udcff.txt", "latin-\\xff.txt"),
        ("half \ud83d", "half \\ud83d"),
        ("tab\there", "tab\\there"),
    ],
)
def test_what_is_no_text_is_spelt_out(name: str, shown: str) -> None:
    assert readable(name) == shown


@pytest.mark.parametrize("text", ["", "%00", "/a%00b", "x" * 70_000])
def test_what_is_no_path_is_refused(text: str) -> None:
    with pytest.raises(BadInput):
        uncarried(text)


def test_the_last_name_of_a_path() -> None:
    assert [last("/a/b"), last("/a/b/"), last("/")] == ["b", "b", "/"]
