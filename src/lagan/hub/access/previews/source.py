"""A file as its drawing process sees it: read by ranges that the hub gives, through a small
cache."""

from __future__ import annotations

import io
from collections import OrderedDict
from collections.abc import Callable

from lagan.hub.access.previews.blocks import NotDrawn

BLOCK = 256 << 10
"""Bytes asked for at once: parsers read a few bytes here and there."""
BLOCKS = 64
"""Blocks kept."""
WHOLE = 256 << 20
"""Bytes that a parser may ask for in one go; one that wants a larger file whole gets none of it."""

Ask = Callable[[int, int], bytes]


class Source(io.RawIOBase):
    """Readable and seekable; `ask(offset, length)` gives exactly those bytes."""

    def __init__(self, size: int, ask: Ask) -> None:
        super().__init__()
        self.size, self._ask, self._at = size, ask, 0
        self._blocks: OrderedDict[int, bytes] = OrderedDict()

    def readable(self) -> bool:
        """Yes."""
        return True

    def seekable(self) -> bool:
        """Yes."""
        return True

    def tell(self) -> int:
        """Where the next read begins."""
        return self._at

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """Go anywhere, also beyond the end; OSError before the beginning."""
        base = {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: self.size}[whence]
        if base + offset < 0:
            raise OSError("before the beginning")
        self._at = base + offset
        return self._at

    def read(self, size: int | None = -1) -> bytes:
        """As many bytes as asked for, fewer only at the end. NotDrawn for more than `WHOLE`."""
        left = max(0, self.size - self._at)
        length = left if size is None or size < 0 else min(size, left)
        if length > WHOLE:
            raise NotDrawn("too-large")
        data = self._range(self._at, length)
        self._at += len(data)
        return data

    def readall(self) -> bytes:
        """All that is left."""
        return self.read()

    def readinto(self, buffer: bytearray | memoryview) -> int:  # type: ignore[override]
        """Fill the buffer."""
        view = memoryview(buffer).cast("B")
        data = self.read(len(view))
        view[: len(data)] = data
        return len(data)

    def _range(self, start: int, length: int) -> bytes:
        if length > BLOCK * 8:
            return self._ask(start, length)
        pieces = []
        while length > 0:
            number, skip = divmod(start, BLOCK)
            piece = self._block(number)[skip : skip + length]
            pieces.append(piece)
            start, length = start + len(piece), length - len(piece)
        return b"".join(pieces)

    def _block(self, number: int) -> bytes:
        if number in self._blocks:
            self._blocks.move_to_end(number)
            return self._blocks[number]
        start = number * BLOCK
        data = self._blocks[number] = self._ask(start, min(BLOCK, self.size - start))
        if len(self._blocks) > BLOCKS:
            self._blocks.popitem(last=False)
        return data
