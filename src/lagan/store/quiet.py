"""Reads objects without pushing anything else out of the page cache, for checks and copies."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator

from lagan.kit.digests import Buffer
from lagan.store.errors import as_refusals
from lagan.store.volume import Volume

BLOCK = 4 << 20
"""Bytes a read with RWF_DONTCACHE: smaller ones are slower, larger ones leave the second-level
cache."""
DROP = 16 << 20
"""Bytes after which pages are given back where the kernel has no RWF_DONTCACHE."""
_RWF_DONTCACHE = 0x80
"""Linux 6.14: drop the pages this read brought in, keep those that were there (linux/fs.h)."""
_UNKNOWN_FLAG = {errno.EOPNOTSUPP, errno.EINVAL}


def read_quietly(
    volume: Volume, name: str, offset: int = 0, length: int | None = None
) -> Iterator[Buffer]:
    """The bytes of an object; each piece is valid only until the next one is asked for.

    Where the volume has no local files this is `Volume.read`. NotFound; Unavailable on an I/O
    error.
    """
    path = volume.local_path(name)
    if path is None:
        yield from volume.read(name, offset, length)
        return
    with as_refusals(name):
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW)
        try:
            yield from _read(descriptor, offset, length)
        finally:
            os.close(descriptor)


def _read(descriptor: int, offset: int, length: int | None) -> Iterator[Buffer]:
    os.posix_fadvise(descriptor, offset, length or 0, os.POSIX_FADV_SEQUENTIAL)
    end = os.fstat(descriptor).st_size if length is None else offset + length
    block = memoryview(bytearray(min(BLOCK, max(end - offset, 1))))
    reading = _Reading(descriptor, offset)
    try:
        while offset < end:
            count = reading.into(block[: min(BLOCK, end - offset)], offset)
            if count == 0:
                return
            offset += count
            yield block[:count]
            reading.forget_to(offset)
    finally:
        reading.forget_to(offset, last=True)


class _Reading:
    """Reads with RWF_DONTCACHE, or gives pages back itself once the kernel has refused the flag."""

    def __init__(self, descriptor: int, offset: int) -> None:
        self._descriptor = descriptor
        self._kept_from = offset
        self._flag = _RWF_DONTCACHE

    def into(self, block: memoryview, offset: int) -> int:
        if self._flag:
            try:
                return os.preadv(self._descriptor, [block], offset, self._flag)
            except OSError as error:
                if error.errno not in _UNKNOWN_FLAG:
                    raise
                self._flag = 0
        return os.preadv(self._descriptor, [block], offset)

    def forget_to(self, offset: int, *, last: bool = False) -> None:
        if self._flag or not (last or offset - self._kept_from >= DROP):
            return
        length = offset - self._kept_from
        if length:
            os.posix_fadvise(self._descriptor, self._kept_from, length, os.POSIX_FADV_DONTNEED)
        self._kept_from = offset
