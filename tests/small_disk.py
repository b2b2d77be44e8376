"""A filesystem of its own, a few megabytes large, that a test may fill."""

from __future__ import annotations

import ctypes
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

DAY = 86400.0
_DETACH = 2


@contextmanager
def small_disk(folder: Path, size: int, options: int = 0) -> Iterator[Path]:
    """`folder` with a tmpfs of `size` bytes mounted there; `options` as of mount(2). Takes root."""
    libc = ctypes.CDLL(None, use_errno=True)
    folder.mkdir(exist_ok=True)
    if libc.mount(b"tmpfs", bytes(folder), b"tmpfs", options, f"size={size}".encode()) != 0:
        reason = os.strerror(ctypes.get_errno())
        pytest.fail(f"a tmpfs cannot be mounted, which takes root: {reason}")
    try:
        yield folder
    finally:
        libc.umount2(bytes(folder), _DETACH)


def percent(folder: Path) -> float:
    """How full it is."""
    found = os.statvfs(folder)
    used = found.f_blocks - found.f_bfree
    return 100.0 * used / (used + found.f_bavail)


def old_file(path: Path, size: int, unread: float, now: float) -> Path:
    """A file of `size` bytes that was written, and not read, so many days before `now`."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(os.urandom(size))
    os.utime(path, (now - unread * DAY, now - unread * DAY))
    return path
