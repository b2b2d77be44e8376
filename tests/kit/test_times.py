"""Moments and spans are read as ISO 8601 and as people write them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lagan.kit.errors import BadInput
from lagan.kit.times import parse_span, parse_time, show_span, show_time


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("1970-01-01T00:00:00Z", 0),
        ("1970-01-01", 0),
        ("2026-03-01T12:00:00+01:00", 1772362800),
        ("2026-03-01 11:00", 1772362800),
    ],
)
def test_moments_are_read(text: str, seconds: float) -> None:
    assert parse_time(text) == seconds


@pytest.mark.parametrize("text", ["", "yesterday", "2026-13-01", "12:00"])
def test_what_is_no_moment_is_refused(text: str) -> None:
    with pytest.raises(BadInput):
        parse_time(text)


@given(st.integers(0, 4_000_000_000))
def test_a_shown_moment_is_read_back(seconds: int) -> None:
    assert parse_time(show_time(seconds)) == seconds


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("90", 90), ("90s", 90), ("1h 30m", 5400), ("2w", 1209600), ("1.5d", 129600)],
)
def test_spans_are_read(text: str, seconds: float) -> None:
    assert parse_span(text) == seconds


@pytest.mark.parametrize("text", ["", "soon", "1y", "-1s", "1h30"])
def test_what_is_no_span_is_refused(text: str) -> None:
    with pytest.raises(BadInput):
        parse_span(text)


@pytest.mark.parametrize(
    ("seconds", "text"), [(0.25, "0.25 s"), (45, "45 s"), (5400, "1 h 30 m"), (273600, "3 d 4 h")]
)
def test_spans_are_shown(seconds: float, text: str) -> None:
    assert show_span(seconds) == text
