"""Sizes are read as people write them and shown as they read them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lagan.kit.errors import BadInput
from lagan.kit.sizes import parse_size, show_size


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("0", 0),
        ("512", 512),
        ("512 B", 512),
        ("1k", 1024),
        ("200 kB", 200_000),
        ("10 GiB", 10 << 30),
        (" 1.5T ", 3 << 39),
        ("2mib", 2 << 20),
    ],
)
def test_sizes_are_read(text: str, count: int) -> None:
    assert parse_size(text) == count


@pytest.mark.parametrize("text", ["", "-1", "ten", "1 GiBs", "1e3", "GB", "1..2", "٣"])
def test_what_is_no_size_is_refused(text: str) -> None:
    with pytest.raises(BadInput):
        parse_size(text)


@pytest.mark.parametrize(
    ("count", "text"),
    [(0, "0 B"), (999, "999 B"), (1536, "1.50 KiB"), (10 << 20, "10.0 MiB"), (3 << 40, "3.00 TiB")],
)
def test_sizes_are_shown(count: int, text: str) -> None:
    assert show_size(count) == text


@given(st.integers(0, 1 << 62))
def test_a_shown_size_is_within_a_hundredth(count: int) -> None:
    assert parse_size(show_size(count)) == pytest.approx(count, rel=0.01)
