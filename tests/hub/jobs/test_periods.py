"""Periods by which the list of jobs is filtered."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lagan.hub.jobs.periods import period
from lagan.kit.errors import BadInput

NOW = datetime(2026, 3, 15, 13, 30, tzinfo=UTC)


def day(number: int, hour: int = 0) -> datetime:
    return datetime(2026, 3, number, hour, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "since", "until"),
    [
        ("", None, None),
        ("null", None, None),
        ("All", None, None),
        ("today", day(15), None),
        (" Yesterday ", day(14), day(15)),
        ("week", NOW - timedelta(days=7), None),
        ("7d", NOW - timedelta(days=7), None),
        ("12h", NOW - timedelta(hours=12), None),
        ("1y", NOW - timedelta(days=365), None),
        ("2026-03-02", day(2), None),
        ("2026-03-02T10:00Z", day(2, 10), None),
        ("2026-03-02T10:00 02:00", day(2, 8), None),
        ("2026-03-02..2026-03-04", day(2), day(5)),
        ("2026-03-02..", day(2), None),
        ("..2026-03-04T06:00", None, day(4, 6)),
    ],
)
def test_a_period_is_understood(text: str, since: datetime | None, until: datetime | None) -> None:
    assert period(text, NOW) == (since, until)


@pytest.mark.parametrize(
    "text",
    [
        "soon",
        "7",
        "d",
        "99999y",
        "2026-13-01",
        "0001-01-01..x",
        "7d..2d",
        "9999-12-31",
        "..9999-12-31",
        "0001-01-01T00:00+14:00",
    ],
)
def test_what_is_none_is_refused(text: str) -> None:
    with pytest.raises(BadInput, match="no period"):
        period(text, NOW)


@given(st.text(max_size=30) | st.from_regex(r"\d{1,6}[hdwmy](\.\.\d{4}-\d\d-\d\d)?"))
def test_nothing_but_a_refusal_comes_of_odd_words(text: str) -> None:
    try:
        since, until = period(text, NOW)
    except BadInput:
        return
    assert all(
        each is None or (each.tzinfo and 1900 <= each.year < 9002) for each in (since, until)
    )
