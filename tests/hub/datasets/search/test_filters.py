"""Every form of a moment and of a size that the seed lists, and what is none."""

from __future__ import annotations

import contextlib
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lagan.hub.datasets.search.errors import BadSearch
from lagan.hub.datasets.search.filters import read_moment, read_size


def at(*numbers: int) -> datetime:
    return datetime(*numbers, tzinfo=UTC)  # type: ignore[misc,arg-type]


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2020-01-01", at(2020, 1, 1)),
        ("2020-01-01 08", at(2020, 1, 1, 8)),
        ("2020-01-01 06:00", at(2020, 1, 1, 6)),
        ("2020-01-01 06 00", at(2020, 1, 1, 6)),
        ("2020 01 01 06 00 00", at(2020, 1, 1, 6)),
        ("2020-01-01T11:00:00Z", at(2020, 1, 1, 11)),
        ("2020", at(2020, 1, 1)),
        ("2020-03", at(2020, 3, 1)),
        ("2020 3 9 5 7 8", at(2020, 3, 9, 5, 7, 8)),
        ("2020-01-01T11:00:00.25Z", at(2020, 1, 1, 11, 0, 0, 250_000)),
        ("2020-01-01t11:00z", at(2020, 1, 1, 11)),
        ("2020-05-17T10:30:00+02:30", at(2020, 5, 17, 8)),
        ("2020-05-17 09+01", at(2020, 5, 17, 8)),
        ("2020-05-17 03:30 -0430", at(2020, 5, 17, 8)),
        ("  2020-02-29 ", at(2020, 2, 29)),
    ],
)
def test_moments(text: str, moment: datetime) -> None:
    assert read_moment(text) == moment


@pytest.mark.parametrize(
    "text",
    [
        "", "noon", "20", "2020-13", "2019-02-29", "2020-01-01 24", "2020-01-01 08:60",
        "2020-01-01 08:00:61", "2020-01-01 08:00+25", "0000", "9999-12-31 23:59-23:00",
        "2020-01-01T", "1577836800", "2020/01/01", "2020-01-01 08:00:00.1234567", "2020" * 50,
        "٢٠٢٠",
    ],
)  # fmt: skip
def test_what_is_no_moment_is_refused(text: str) -> None:
    with pytest.raises(BadSearch, match="Not a moment"):
        read_moment(text)


@pytest.mark.parametrize(
    ("text", "size"),
    [
        ("512", 512), ("100M", 10**8), ("100MB", 10**8), ("1K", 1000), ("1 kb", 1000),
        ("1.5 GB", 1_500_000_000), ("2T", 2 * 10**12), ("3PB", 3 * 10**15), ("9E", 9 * 10**18),
        ("0.001K", 1), (".5K", 500), ("7B", 7),
    ],
)  # fmt: skip
def test_sizes(text: str, size: int) -> None:
    assert read_size(text) == size


@pytest.mark.parametrize(
    "text", ["", "M", "-1", "1KiB", "1Z", "1.2.3", "1e3", "10E", "9" * 50, "9" * 500, "0.5", "١K"]
)
def test_what_is_no_size_is_refused(text: str) -> None:
    with pytest.raises(BadSearch):
        read_size(text)


@given(st.text(max_size=70))
def test_nothing_else_is_thrown(text: str) -> None:
    for reader in (read_moment, read_size):
        with contextlib.suppress(BadSearch):
            reader(text)
