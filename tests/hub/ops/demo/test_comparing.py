"""A comparison that cannot fail proves nothing: each is shown what differs."""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import Any

import pytest

from lagan.hub.ops.demo.comparing import (
    PIECE,
    require,
    require_same_bytes,
    require_same_names,
    require_same_rows,
)
from lagan.hub.ops.demo.errors import Broken


class Dripping(io.BytesIO):
    """Gives seven bytes at a time, as a slow connection does."""

    def read(self, size: int | None = -1) -> bytes:
        return super().read(min(7, size if size and size > 0 else 7))


def _broken(act: Callable[[], Any]) -> Broken:
    with pytest.raises(Broken) as caught:
        act()
    return caught.value


def test_equal_bytes_are_counted() -> None:
    data = bytes(range(256)) * 10_000
    assert require_same_bytes("x", expected=io.BytesIO(data), found=io.BytesIO(data)) == len(data)
    assert require_same_bytes("x", expected=io.BytesIO(data), found=Dripping(data)) == len(data)


@pytest.mark.parametrize("place", [0, 5, PIECE - 1, PIECE, PIECE + 3, 2 * PIECE - 1])
def test_the_byte_that_differs_is_named(place: int) -> None:
    data = bytearray(2 * PIECE)
    data[place] = 7
    error = _broken(
        lambda: require_same_bytes(
            "scan.dcm", expected=io.BytesIO(bytes(2 * PIECE)), found=io.BytesIO(data)
        )
    )
    assert error.sentence == f"scan.dcm, byte {place}"
    assert (error.expected, error.found) == ("0x00", "0x07")


@pytest.mark.parametrize("cut", [0, 1, PIECE, PIECE + 1])
def test_missing_and_further_bytes_are_found(cut: int) -> None:
    whole, short = bytes(PIECE + 2), bytes(cut)
    error = _broken(
        lambda: require_same_bytes("x", expected=io.BytesIO(whole), found=io.BytesIO(short))
    )
    assert (error.sentence, error.found) == (f"x, byte {cut}", "the end")
    error = _broken(
        lambda: require_same_bytes("x", expected=io.BytesIO(short), found=io.BytesIO(whole))
    )
    assert error.expected == "the end"


def test_names_missing_further_and_doubled_are_told_apart() -> None:
    require_same_names("x", expected=["a", "b"], found=["b", "a"])
    said = _broken(lambda: require_same_names("x", expected=["a", "b"], found=["b", "c"])).found
    assert said == "missing: a; too many: c"
    said = _broken(
        lambda: require_same_names("x", expected=["a", "b"], found=["a", "b", "b"])
    ).found
    assert said == "more than once: b"


def test_the_row_that_differs_is_named() -> None:
    require_same_rows("x", expected={"a": 1}, found={"a": 1})
    error = _broken(
        lambda: require_same_rows("x", expected={"a": 1, "b": 2}, found={"a": 1, "b": 3})
    )
    assert (error.expected, error.found) == ("b: 2", "b: 3")
    assert "missing" in _broken(lambda: require_same_rows("x", expected={"a": 1}, found={})).found


def test_require_says_both_sides() -> None:
    require("x", expected=1, found=1)
    error = _broken(lambda: require("The exit code", expected=0, found=11))
    assert (error.sentence, error.expected, error.found) == ("The exit code", "0", "11")
