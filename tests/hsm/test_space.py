"""Holes: let go of, found, and kept when content is written."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as some

from lagan.hsm import space
from lagan.hsm.space import BLOCK
from lagan.kit.holes import data

SIZES = some.integers(1, 3 * BLOCK)
CUTS = some.one_of(some.sampled_from([BLOCK, 2 * BLOCK, 1 << 20]), SIZES)


@pytest.fixture
def descriptor(tmp_path: Path) -> Iterator[int]:
    number = os.open(tmp_path / "file", os.O_RDWR | os.O_CREAT, 0o600)
    yield number
    os.close(number)


def test_letting_go_keeps_the_size_and_the_head(descriptor: int) -> None:
    os.write(descriptor, b"x" * (5 * BLOCK + 100))
    space.punch(descriptor, BLOCK + 1, 5 * BLOCK + 100)
    assert os.fstat(descriptor).st_size == 5 * BLOCK + 100
    assert list(data(descriptor, 5 * BLOCK + 100)) == [(0, 2 * BLOCK)]
    assert os.pread(descriptor, 6 * BLOCK, 0) == b"x" * 2 * BLOCK + bytes(3 * BLOCK + 100)


def test_a_file_of_more_than_four_gib_can_be_let_go_of(descriptor: int) -> None:
    far = 5 << 32
    os.pwrite(descriptor, b"far", far)
    assert list(data(descriptor, far + 3)) == [(far, far + 3)]
    space.punch(descriptor, 0, far + 3)
    assert list(data(descriptor, far + 3)) == []
    assert os.fstat(descriptor).st_size == far + 3


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=40)
@given(some.lists(some.tuples(some.booleans(), SIZES), min_size=1, max_size=8), CUTS)
def test_written_sparsely_content_is_whole_and_its_blocks_of_zeros_are_holes(
    descriptor: int, stretches: list[tuple[bool, int]], cut: int
) -> None:
    content = b"".join((b"x" if full else b"\0") * size for full, size in stretches)
    os.ftruncate(descriptor, 0)
    os.ftruncate(descriptor, len(content))
    for at in range(0, len(content), cut):
        space.write_sparsely(descriptor, content[at : at + cut], at)
    assert os.pread(descriptor, len(content) + 1, 0) == content
    for start, end in data(descriptor, len(content)):
        for at in range(start, end, BLOCK) if cut % BLOCK == 0 else ():
            assert content[at : at + BLOCK].strip(b"\0"), "a block of zeros was written"


def test_zeros_over_a_head_that_stayed_are_written(descriptor: int) -> None:
    os.write(descriptor, b"x" * 2 * BLOCK)
    space.write_sparsely(descriptor, bytes(2 * BLOCK), 0, whole_until=2 * BLOCK)
    assert os.pread(descriptor, 2 * BLOCK, 0) == bytes(2 * BLOCK)
