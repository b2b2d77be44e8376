"""Holes of files are found and passed over; what is read is what is there."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as some

from lagan.kit.holes import PIECE, data, has_holes, is_hole, pieces, zeros

STRETCHES = some.lists(some.tuples(some.booleans(), some.integers(1, 20_000)), max_size=8)


@pytest.fixture
def descriptor(tmp_path: Path) -> Iterator[int]:
    number = os.open(tmp_path / "file", os.O_RDWR | os.O_CREAT, 0o600)
    yield number
    os.close(number)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60)
@given(STRETCHES, some.integers(0, 30_000), some.integers(0, 90_000))
def test_what_is_read_is_what_is_there(
    descriptor: int, stretches: list[tuple[bool, int]], start: int, length: int
) -> None:
    os.ftruncate(descriptor, 0)
    at = 0
    for full, size in stretches:
        if full:
            os.pwrite(descriptor, b"x" * size, at)
        at += size
    os.ftruncate(descriptor, at)
    there = os.pread(descriptor, length, start)
    assert b"".join(map(bytes, pieces(descriptor, start + length, start))) == there


def test_holes_are_not_read(descriptor: int) -> None:
    os.pwrite(descriptor, b"first", 0)
    os.pwrite(descriptor, b"last", 10 << 20)
    os.fsync(descriptor)
    assert has_holes(os.fstat(descriptor))
    assert list(data(descriptor, 1 << 40)) == [(0, 4096), (10 << 20, (10 << 20) + 4)]
    read = [len(piece) for piece in pieces(descriptor, 1 << 40) if not is_hole(piece)]
    assert read == [4096, 4]


def test_a_hole_is_known_by_its_piece_alone() -> None:
    assert [len(each) for each in zeros(2 * PIECE + 5)] == [PIECE, PIECE, 5]
    assert all(is_hole(memoryview(each)[:3]) for each in zeros(7))
    assert not is_hole(bytes(PIECE))
    assert not is_hole(memoryview(bytes(PIECE)))
