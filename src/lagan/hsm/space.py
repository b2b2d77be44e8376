"""The space of an open file: letting go of it, and writing without taking any for zeros."""

from __future__ import annotations

import ctypes
import errno
import os
from collections.abc import Iterator
from contextlib import suppress
from functools import cache
from typing import Any

from lagan.hsm.errors import Unsupported
from lagan.kit.digests import Buffer
from lagan.kit.files import write_all
from lagan.kit.holes import is_hole

BLOCK = 4096
"""Bytes: what is written and let go at once; no common filesystem has smaller blocks."""
_ZEROS = bytes(BLOCK)
_MOST_BEHIND = 8 << 30
"""Bytes: the longest extent of XFS."""
_KEEP_SIZE, _PUNCH_HOLE = 0x01, 0x02
_CANNOT = {errno.EOPNOTSUPP, errno.ENOSYS, errno.ENODEV}


@cache
def _load() -> Any:
    function = ctypes.CDLL(None, use_errno=True).fallocate64
    function.argtypes = (ctypes.c_int, ctypes.c_int, ctypes.c_int64, ctypes.c_int64)
    return function


def punch(descriptor: int, start: int, size: int) -> None:
    """Let go of the blocks from byte `start`, rounded up, to the end of a file of `size` bytes; its
    size stays. Unsupported where the filesystem has no holes."""
    begin, end = round_up(start), round_up(size)
    if begin >= end:
        return
    while _load()(descriptor, _KEEP_SIZE | _PUNCH_HOLE, begin, end - begin) != 0:
        number = ctypes.get_errno()
        if number in _CANNOT:
            raise Unsupported("This filesystem cannot let go of a file's space.")
        if number != errno.EINTR:
            raise OSError(number, os.strerror(number))


def give_back_behind(descriptor: int, size: int) -> None:
    """Let go of the room that XFS keeps behind the end of a file that grew in steps. Cutting the
    file to its own size would do it too, but a recall gate sees that, whoever does it."""
    with suppress(OSError, Unsupported):
        punch(descriptor, size, round_up(size) + _MOST_BEHIND)


def round_up(size: int) -> int:
    """To whole blocks."""
    return -(-size // BLOCK) * BLOCK


def write_sparsely(descriptor: int, piece: Buffer, offset: int, whole_until: int = 0) -> None:
    """Write `piece` at `offset` but for its blocks of zeros, which are holes there; what lies
    before `whole_until` is written as it is."""
    if is_hole(piece) and offset >= whole_until:
        return
    raw = bytes(piece)
    if offset < whole_until or (_ZEROS not in raw and not raw.endswith(b"\0")):
        write_all(descriptor, [raw], offset)
        return
    view = memoryview(raw)
    for start, end in _runs(raw, offset % BLOCK):
        write_all(descriptor, [view[start:end]], offset + start)


def _runs(raw: bytes, shift: int) -> Iterator[tuple[int, int]]:
    """Stretches of `raw` without blocks of zeros; `shift` is where in a block it begins."""
    begun: int | None = None
    at = 0
    while at < len(raw):
        end = min(at + BLOCK - (at + shift) % BLOCK, len(raw))
        if raw[at:end] == _ZEROS[: end - at]:
            if begun is not None:
                yield begun, at
            begun = None
        elif begun is None:
            begun = at
        at = end
    if begun is not None:
        yield begun, len(raw)
