"""A request's body: exactly the bytes that were announced, in pieces, or the news that the client
went away."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from io import BufferedIOBase
from itertools import cycle

from lagan.kit.digests import Buffer
from lagan.kit.errors import BadInput

PIECE = 1 << 20
"""Bytes read at once."""


Room = Callable[[int], memoryview]


def _fresh(size: int) -> memoryview:
    return memoryview(bytearray(size))


class _Lender:
    """Two pieces of memory by turns."""

    def __init__(self) -> None:
        self._turns = cycle([memoryview(bytearray(PIECE)), memoryview(bytearray(PIECE))])

    def lend(self, size: int) -> memoryview:
        """`size` bytes of the one whose turn it is."""
        return next(self._turns)[:size]


class Cut(Exception):
    """The client ended before its body did."""


class Body:
    """Read it once, by `pieces`."""

    def __init__(self, source: BufferedIOBase, size: int | None) -> None:
        """`size` bytes of `source`; None for chunked transfer."""
        self._source, self.size = source, size
        self._chunked = size is None
        self.read = 0
        self._room: Room = _fresh
        self._ended = size == 0

    def pieces(self) -> Iterator[Buffer]:
        """The bytes. Cut when they end too early; BadInput for chunks that are none."""
        return self._pieces(_fresh)

    def lent(self) -> Iterator[Buffer]:
        """As `pieces`, for who is done with a piece when the next but one is asked for: the memory
        is used again, which spares the kernel a quarter of its work."""
        small = self.size is not None and self.size <= PIECE
        return self._pieces(_fresh if small else _Lender().lend)

    def _pieces(self, room: Room) -> Iterator[Buffer]:
        self._room = room
        while not self._ended:
            yield from self._chunk() if self._chunked else self._plain(self.size or 0)
            self._ended = self._ended or not self._chunked

    def drain(self, most: int) -> bool:
        """Throw away what is left, if that is at most about `most` bytes; whether all is read."""
        began = self.read
        if not self._ended and self.size is not None and self.size - self.read > most:
            return False
        try:
            for _ in self.pieces():
                if self.read - began > most:
                    return False
        except (Cut, BadInput, OSError):
            return False
        return True

    def _plain(self, size: int) -> Iterator[Buffer]:
        left = size - self.read if not self._chunked else size
        while left:
            piece = self._room(min(left, PIECE))
            # Past what is buffered this reads from the connection into the piece itself.
            count = self._source.readinto(piece)
            self.read += count
            if count < len(piece):
                raise Cut(f"Only read {self.read} out of {self.size or 'unknown'} bytes")
            left -= count
            yield piece

    def _chunk(self) -> Iterator[Buffer]:
        line = self._source.readline(1000)
        if not line.endswith(b"\n"):
            raise Cut(f"Only read {self.read} bytes; the last chunk did not come")
        try:
            size = int(line.partition(b";")[0].strip(), 16)
        except ValueError:
            raise BadInput(f"This is no length of a chunk: {line[:40]!r}.") from None
        if size < 0:
            raise BadInput(f"This is no length of a chunk: {line[:40]!r}.")
        yield from self._plain(size)
        if size == 0:
            self._ended = True
        while self._source.readline(LONGEST_TRAILER).strip():
            pass


LONGEST_TRAILER = 65_536
