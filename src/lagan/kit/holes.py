"""Stretches of a file that nobody wrote are passed over where the filesystem tells of them, and
read as pieces of one constant buffer of zeros, which whoever writes them may leave out."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator

from lagan.kit.digests import Buffer

PIECE = 1 << 20
"""Bytes read at once."""
ZEROS = memoryview(bytes(PIECE))
"""What every hole is read as."""
_SECTOR = 512


def is_hole(piece: Buffer) -> bool:
    """Whether a piece was never read, as it lies in a hole of its file."""
    return isinstance(piece, memoryview) and piece.obj is ZEROS.obj


def has_holes(found: os.stat_result) -> bool:
    """Whether a file takes less room than it has bytes. (One that is compressed may, too.)"""
    return found.st_blocks * _SECTOR < found.st_size


def data(descriptor: int, end: int, start: int = 0) -> Iterator[tuple[int, int]]:
    """Where an open file has data from `start` to `end`: pairs of start and end, in bytes and in
    order."""
    at = start
    while at < end:
        try:
            begin = os.lseek(descriptor, at, os.SEEK_DATA)
        except OSError as error:
            if error.errno == errno.ENXIO:  # holes to the end
                return
            raise
        if begin >= end:
            return
        at = min(os.lseek(descriptor, begin, os.SEEK_HOLE), end)
        yield begin, at


def pieces(descriptor: int, end: int, start: int = 0) -> Iterator[Buffer]:
    """The bytes of an open file from `start` to `end`, in order, fewer when it is shorter; each
    piece is at most `PIECE` long. Where there is a hole, `is_hole` says so of the piece."""
    found = os.fstat(descriptor)
    end = min(end, found.st_size)
    if not has_holes(found):
        yield from _read(descriptor, start, end)
        return
    at = start
    for begin, until in data(descriptor, end, start):
        yield from zeros(begin - at)
        yield from _read(descriptor, begin, until)
        at = until
    yield from zeros(end - at)


def zeros(count: int) -> Iterator[memoryview]:
    """So many zeros, as a hole is read."""
    while count > 0:
        yield ZEROS[: min(PIECE, count)]
        count -= PIECE


def _read(descriptor: int, at: int, end: int) -> Iterator[bytes]:
    while at < end:
        piece = os.pread(descriptor, min(PIECE, end - at), at)
        if not piece:
            return
        yield piece
        at += len(piece)
