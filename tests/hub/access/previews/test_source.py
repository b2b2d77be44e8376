"""A file read by ranges reads as the file does."""

from __future__ import annotations

import io
import random

import pytest

from lagan.hub.access.previews import source as module
from lagan.hub.access.previews.blocks import NotDrawn
from lagan.hub.access.previews.source import Source


def test_reads_anywhere_agree_with_the_bytes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "BLOCK", 100)
    monkeypatch.setattr(module, "BLOCKS", 3)
    chance = random.Random(7)
    data = chance.randbytes(5000)
    asked: list[int] = []

    def ask(start: int, length: int) -> bytes:
        asked.append(length)
        assert start >= 0
        assert start + length <= 5000
        return data[start : start + length]

    plain, ranged = io.BytesIO(data), Source(5000, ask)
    for _ in range(500):
        at, size = chance.randrange(5200), chance.choice([0, 1, 99, 100, 101, 1500, -1])
        assert plain.seek(at) == ranged.seek(at)
        assert plain.read(size) == ranged.read(size)
        assert ranged.tell() in (at, plain.tell())
    assert ranged.seek(-10, io.SEEK_END) == 4990
    assert ranged.read() == data[-10:]


def test_a_block_is_asked_for_once_while_it_is_kept() -> None:
    asked: list[int] = []

    def ask(start: int, length: int) -> bytes:
        asked.append(start)
        return bytes(length)

    source = Source(1000, ask)
    for at in (0, 10, 500, 10):
        source.seek(at)
        source.read(10)
    assert asked == [0]


def test_nothing_is_read_whole_that_is_too_large() -> None:
    source = Source(100 << 30, lambda start, length: bytes(length))
    with pytest.raises(NotDrawn):
        source.read()
