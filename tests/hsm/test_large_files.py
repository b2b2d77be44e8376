"""Memory does not grow with a file, and no file is too large."""

from __future__ import annotations

import hashlib
import os
import tracemalloc

import pytest

from lagan.kit.holes import data
from tests.hsm.conftest import Files, opened, sectors

SIZE = 48 << 20
MOST = 12 << 20
"""Bytes that a move may take of memory."""
LARGE = 5 << 30


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


@pytest.mark.soak
def test_a_file_of_more_than_four_gib_that_is_mostly_holes(files: Files) -> None:
    path = files.make("large", content=b"first" * 1000)
    with opened(path) as descriptor:
        os.pwrite(descriptor, b"last" * 1000, LARGE)
        before = list(data(descriptor, LARGE + 4000))
    tracemalloc.start()
    try:
        files.migrate(path)
        assert sectors(path) <= 8
        files.recall(path)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < MOST
    with opened(path) as descriptor:
        assert list(data(descriptor, LARGE + 4000)) == before
        assert os.pread(descriptor, 5000, 0) == b"first" * 1000
        assert os.pread(descriptor, 5000, LARGE) == b"last" * 1000
