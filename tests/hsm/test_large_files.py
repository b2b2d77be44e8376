"""Memory does not grow with a file, and no file is too large."""

from __future__ import annotations

import hashlib
import os
import tracemalloc
from pathlib import Path

import pytest

from lagan.kit.holes import data
from tests.hsm.conftest import MTIME, Files, opened, sectors

SIZE = 48 << 20
MOST = 12 << 20
"""Bytes that a move may take of memory."""
LARGE = 4 << 30


@pytest.mark.slow
def test_memory_does_not_grow_with_a_file(files: Files) -> None:
    path = files.make(size=SIZE)
    digest = hashlib.sha256(path.read_bytes()).digest()
    tracemalloc.start()
    try:
        files.migrate(path)
        files.recall(path)
        files.reverse_stub(files.root / "there" / "file", path, hydrate=True)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < MOST
    for each in (path, files.root / "there" / "file"):
        assert hashlib.sha256(each.read_bytes()).digest() == digest


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_a_file_of_more_than_four_gib_that_is_mostly_holes(files: Files) -> None:
    expect_holes_kept(files, LARGE)


@pytest.mark.soak
@pytest.mark.timeout(1800)
def test_ten_gib_that_are_mostly_holes(files: Files) -> None:
    expect_holes_kept(files, 10 << 30)


@pytest.mark.slow
def test_holes_come_back_from_any_target(anywhere: Files) -> None:
    path = anywhere.make("sparse", content=b"first")
    with opened(path) as descriptor:
        os.pwrite(descriptor, b"last", 40 << 20)
    os.truncate(path, 50 << 20)
    digest = hashlib.sha256(path.read_bytes()).digest()
    anywhere.migrate(path)
    assert anywhere.target.size("sparse") == 50 << 20
    assert anywhere.target.digest("sparse") == digest.hex()
    anywhere.recall(path)
    assert (path.stat().st_size, sectors(path) <= 24) == (50 << 20, True)
    assert hashlib.sha256(path.read_bytes()).digest() == digest


def expect_holes_kept(files: Files, size: int) -> None:
    """There and back with flat memory: data at the beginning, in the middle, and behind `size`."""
    path = files.make("large", content=b"first" * 1000)
    with opened(path) as descriptor:
        for at, piece in ((size // 2, b"middle" * 1000), (size, b"last" * 1000)):
            os.pwrite(descriptor, piece, at)
        before = list(data(descriptor, size + 4000))
    os.utime(path, ns=(MTIME, MTIME))
    tracemalloc.start()
    try:
        assert files.migrate(path).sent == size + 4000
        assert (sectors(path) <= 8, path.stat().st_size) == (True, size + 4000)
        files.recall(path)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < MOST
    assert path.stat().st_mtime_ns == MTIME
    with opened(path) as descriptor:
        assert list(data(descriptor, size + 4000)) == before
        assert os.pread(descriptor, 5001, 0) == b"first" * 1000 + b"\0"
        assert os.pread(descriptor, 6000, size // 2) == b"middle" * 1000
        assert os.pread(descriptor, 5000, size) == b"last" * 1000


def test_at_a_folder_the_object_has_the_holes_of_its_file(files: Files, bucket: Path) -> None:
    path = files.make("sparse", content=b"first")
    os.truncate(path, 50 << 20)
    files.migrate(path)
    there = bucket / "sparse"
    assert (there.stat().st_size, sectors(there) <= 8) == (50 << 20, True)
    assert there.read_bytes() == b"first".ljust(50 << 20, b"\0")
