"""Bytes at an offset: all that the judge asks of where a package lies."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from pathlib import Path
from types import TracebackType
from typing import Protocol

from lagan.bag.errors import Damage
from lagan.kit.digests import Buffer
from lagan.kit.errors import Unavailable
from lagan.kit.sizes import MIB

BLOCK = MIB
"""Bytes that are read at a time."""


class Reader(Protocol):
    """A package that does not change while it is read."""

    @property
    def size(self) -> int:
        """Bytes in all."""

    def read(self, offset: int, length: int) -> bytes:
        """The bytes from `offset`; fewer than `length` only at the end."""


class FileReader:
    """A file of this machine; close it, or use it as a context."""

    def __init__(self, path: Path) -> None:
        self._descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
        self.size = os.fstat(self._descriptor).st_size

    def read(self, offset: int, length: int) -> bytes:
        """The bytes there. Unavailable on an I/O error."""
        try:
            return os.pread(self._descriptor, length, offset)
        except OSError as error:
            raise Unavailable(f"The package cannot be read: {error.strerror}.") from error

    def close(self) -> None:
        """Let the descriptor go."""
        os.close(self._descriptor)

    def __enter__(self) -> FileReader:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()


class BytesReader:
    """A package in memory."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self.size = len(data)

    def read(self, offset: int, length: int) -> bytes:
        """The bytes there."""
        return self._data[offset : offset + length]


class _Stat(Protocol):
    @property
    def size(self) -> int: ...


class Objects(Protocol):
    """What a `store.Volume` has of it."""

    def stat(self, name: str) -> _Stat:
        """Its size."""

    def read(self, name: str, offset: int = 0, length: int | None = None) -> Iterable[Buffer]:
        """Its bytes in pieces."""


class ObjectReader:
    """An object of a volume. The refusals of the volume pass."""

    def __init__(self, volume: Objects, name: str) -> None:
        self._volume, self._name = volume, name
        self.size = volume.stat(name).size

    def read(self, offset: int, length: int) -> bytes:
        """The bytes there."""
        if offset >= self.size:
            return b""
        return b"".join(self._volume.read(self._name, offset, min(length, self.size - offset)))


def nothing(block: Buffer) -> None:
    """Takes bytes and does nothing with them."""


class Sequence:
    """The bytes of a source in order, in blocks; `feed` sees each block of the source once."""

    def __init__(
        self,
        next_block: Callable[[], bytes],
        at: int = 0,
        jump: Callable[[int], None] | None = None,
    ) -> None:
        self._next_block = next_block
        self._jump = jump
        self._block = memoryview(b"")
        self.at = at
        """Bytes taken so far."""

    def some(self, limit: int) -> memoryview:
        """Up to `limit` bytes, at least one but at the end; valid as long as it is held."""
        if not self._block:
            self._block = memoryview(self._next_block())
        taken, self._block = self._block[:limit], self._block[limit:]
        self.at += len(taken)
        return taken

    def take(self, count: int) -> Buffer:
        """Exactly `count` bytes. Damage when there are fewer."""
        piece = self.some(count)
        if len(piece) == count:
            return piece
        pieces = [piece]
        while (count := count - len(piece)) and (piece := self.some(count)):
            pieces.append(piece)
        if count:
            raise Damage("archive-truncated", "The archive ends before it should.")
        return b"".join(pieces)

    def skip_to(self, offset: int) -> None:
        """Go on at `offset`, which lies ahead. Damage when there is no such place."""
        if self._jump is not None and offset - self.at > len(self._block):
            self._jump(offset)
            self.at, self._block = offset, memoryview(b"")
        while self.at < offset:
            if not self.some(min(offset - self.at, BLOCK)):
                raise Damage("archive-truncated", "The archive ends before it should.")


def in_order(reader: Reader, feed: Callable[[Buffer], None], start: int = 0) -> Sequence:
    """A reader's bytes from `start` to its end; `feed` sees all of them."""
    at = start

    def next_block() -> bytes:
        nonlocal at
        block = reader.read(at, BLOCK)
        at += len(block)
        feed(block)
        return block

    return Sequence(next_block, start)


def with_jumps(reader: Reader) -> Sequence:
    """A reader's bytes in small blocks, for one who looks at few of them."""
    at = 0

    def next_block() -> bytes:
        nonlocal at
        block = reader.read(at, 16 << 10)
        at += len(block)
        return block

    def jump(offset: int) -> None:
        nonlocal at
        if offset > reader.size:
            raise Damage("archive-truncated", "The archive ends before it should.")
        at = offset

    return Sequence(next_block, 0, jump)
