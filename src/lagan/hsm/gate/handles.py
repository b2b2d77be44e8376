"""The same file by another mount of its filesystem.

Source: open_by_handle_at(2).
"""

from __future__ import annotations

import ctypes
import os
from collections.abc import Iterator
from contextlib import contextmanager

_EMPTY_PATH = 0x1000
_ROOM = 128
"""MAX_HANDLE_SZ."""


class _Handle(ctypes.Structure):
    _fields_ = (
        ("bytes", ctypes.c_uint),
        ("type", ctypes.c_int),
        ("content", ctypes.c_ubyte * _ROOM),
    )


_LIBC = ctypes.CDLL(None, use_errno=True)


def open_again(descriptor: int, folder: int, flags: int) -> int:
    """A new descriptor of an open file (O_PATH too) by the mount that the open `folder` is on.
    OSError where the filesystem has no handles, or is another one."""
    handle, mount = _Handle(bytes=_ROOM), ctypes.c_int()
    if _LIBC.name_to_handle_at(
        descriptor, b"", ctypes.byref(handle), ctypes.byref(mount), _EMPTY_PATH
    ):
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
    return _opened(handle, folder, flags)


@contextmanager
def open_handle(kind: int, content: bytes, folder: int) -> Iterator[int]:
    """The file of a handle as the kernel tells it, as O_PATH; OSError too when it is gone."""
    handle = _Handle(bytes=len(content), type=kind)
    ctypes.memmove(handle.content, content, len(content))
    found = _opened(handle, folder, os.O_PATH)
    try:
        yield found
    finally:
        os.close(found)


def _opened(handle: _Handle, folder: int, flags: int) -> int:
    found = int(_LIBC.open_by_handle_at(folder, ctypes.byref(handle), flags | os.O_CLOEXEC))
    if found < 0:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
    return found
