"""One byte range is read as RFC 9110 section 14 says."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lagan.hub.access.ranges import BadRange, wanted


@pytest.mark.parametrize(
    ("header", "span"),
    [
        ("bytes=0-0", (0, 1)),
        ("bytes=2-5", (2, 6)),
        ("bytes=5-", (5, 10)),
        ("bytes=-3", (7, 10)),
        ("bytes=-30", (0, 10)),
        ("bytes=8-99", (8, 10)),
        ("bytes=0-1,4-5", None),
        ("items=0-1", None),
        ("bytes=5-2", None),
        ("bytes=-", None),
        (None, None),
    ],
)
def test_a_range_of_ten_bytes(header, span):
    assert wanted(header, 10) == span


@pytest.mark.parametrize("header", ["bytes=10-", "bytes=10-12", "bytes=-0"])
def test_a_range_without_any_byte_is_refused(header):
    with pytest.raises(BadRange):
        wanted(header, 10)


@given(st.text(max_size=40), st.integers(0, 100))
def test_any_text_is_a_range_or_the_whole_or_refused(text, size):
    try:
        span = wanted(f"bytes={text}", size)
    except BadRange:
        return
    assert span is None or 0 <= span[0] < span[1] <= size
