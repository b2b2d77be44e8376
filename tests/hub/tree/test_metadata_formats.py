"""Metadata leaves as JSON and CSV and comes back exactly; everything else is refused by name."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lagan.hub.tree.metadata import formats
from lagan.hub.tree.metadata.differences import Difference, differences
from lagan.hub.tree.metadata.values import comparable, text_of
from lagan.kit.errors import BadInput, TooLarge

texts = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), min_size=1)
states = st.dictionaries(
    st.from_regex(r"\.[A-Za-z0-9.-]{1,20}", fullmatch=True),
    st.lists(texts, min_size=1, max_size=4),
)
ODD = {".k": ['"', "a,b", "line\nfeed", "\r\n", " space ", "=1+1", "\ufeff", "007", "é"]}


@pytest.mark.parametrize("format", ["json", "csv"])
@given(values=states)
def test_there_and_back_is_the_same(format: str, values: dict[str, list[str]]) -> None:
    for each in (values, ODD):
        assert formats.read(formats.write(each, format).encode(), format) == each


def test_json_keeps_numbers_as_they_are_written() -> None:
    document = b'{".a": 1.50, ".b": [7e1, "x"]}'
    assert formats.read(document, "json") == {".a": ["1.50"], ".b": ["7e1", "x"]}


def test_csv_of_a_spreadsheet_is_read() -> None:
    content = "\ufeffKey,Value\r\n.a,1\r\n\r\n.b,two\r\n.a,3\r\n".encode()
    assert formats.read(content, "csv") == {".a": ["1", "3"], ".b": ["two"]}


@pytest.mark.parametrize(
    ("content", "format", "said"),
    [
        (b"[1]", "json", "object"),
        (b'{".a": {"b": 1}}', "json", r"\.a must be texts"),
        (b'{".a": null}', "json", "texts"),
        (b'{".a": NaN}', "json", "NaN"),
        (b'{".a": 1, ".a": 2}', "json", "twice"),
        (b"{", "json", "not JSON"),
        (b"[" * 100_000, "json", "not JSON"),
        (b"\xff", "json", "not UTF-8 at byte 0"),
        (b"", "csv", "name the columns"),
        (b"a,b\n", "csv", "name the columns"),
        (b"key,value\n.a\n", "csv", "Line 2 has 1 columns"),
        (b'key,value\n.a,"x\n', "csv", "is not CSV"),
        (b"key,value\n.a," + b"x" * 140_000, "csv", "is not CSV"),
        (b"", "xml", "json or csv"),
        (b'{".a": "\\ud800"}', "json", "no text has"),
        (b"key,value\n.a,\x00\n", "csv", "no text has|not CSV"),
    ],
)
def test_what_is_wrong_is_said(content: bytes, format: str, said: str) -> None:
    with pytest.raises(BadInput, match=said):
        formats.read(content, format)


def test_too_much_is_refused_before_it_is_read() -> None:
    with pytest.raises(TooLarge):
        formats.read(b" " * (formats.LARGEST + 1), "json")


@given(st.binary(max_size=200), st.sampled_from(["json", "csv"]))
def test_any_bytes_are_read_or_refused(content: bytes, format: str) -> None:
    try:
        found = formats.read(content, format)
    except BadInput:
        return
    assert all(isinstance(each, str) for some in found.values() for each in some)


@given(states, states)
def test_differences_lead_from_one_state_to_the_other(
    before: dict[str, list[str]], after: dict[str, list[str]]
) -> None:
    state = dict(before)
    for each in differences(before, after):
        assert each.before == tuple(before.get(each.key, ()))
        state[each.key] = list(each.after)
    assert {key: each for key, each in state.items() if each} == after
    assert differences(after, after) == []
    assert differences({}, {".a": ["1"]}) == [Difference(".a", (), ("1",))]


@pytest.mark.parametrize(
    ("text", "number", "time"),
    [
        ("007", 7.0, None),
        ("-1.5e3", -1500.0, None),
        (" 12 ", 12.0, None),
        ("1e999", None, None),
        ("1_000", None, None),
        ("٣", None, None),
        ("nan", None, None),
        ("2026-11-22", None, "2026-11-22T00:00:00+00:00"),
        ("2026-11-22T12:30:00+02:00", None, "2026-11-22T10:30:00+00:00"),
        ("2026-11-22 12:30:00.5Z", None, "2026-11-22T12:30:00.500000+00:00"),
        ("2026-13-40", None, None),
        ("0001-01-01T00:00:00+14:00", None, None),
        ("text", None, None),
    ],
)
def test_texts_are_comparable_as_what_they_look_like(
    text: str, number: float | None, time: str | None
) -> None:
    found = comparable(text)
    assert found.text == text
    assert found.number == number
    assert (found.time.isoformat() if found.time else None) == time


@given(st.integers(-(10**20), 10**20) | st.floats(-1e200, 1e200))
def test_numbers_have_a_text_that_is_compared_as_the_number(number: float) -> None:
    text = text_of(number)
    assert text is not None
    assert comparable(text).number == float(number)
    assert json.loads(text) == number
