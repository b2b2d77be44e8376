"""Who moves a file's content holds it: nobody else moves it meanwhile, and its events go on. A hold
ends when its descriptors are closed, with the process that has them at the latest.

It is a lock on one byte of a file of ours, the byte of the held file's inode number: it belongs to
an open descriptor that can be handed on, and outlives who took it.
"""

from __future__ import annotations

import errno
import fcntl
import os
import struct
from pathlib import Path
from threading import Lock

_LOCK = struct.Struct("hhqqi4x")
"""struct flock of 64-bit Linux: type, whence, start, length, process."""
_HIGHEST = (1 << 63) - 1


class Holds:
    """The holds of a gate, in `folder`."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._folder = folder
        self._looking: dict[int, int] = {}
        self._lock = Lock()

    def take(self, device: int, inode: int) -> int | None:
        """A descriptor that is the hold of a file; None while somebody else has it."""
        descriptor = self._open(device)
        try:
            fcntl.fcntl(descriptor, fcntl.F_OFD_SETLK, _wanted(inode))
        except OSError as error:
            os.close(descriptor)
            if error.errno in (errno.EAGAIN, errno.EACCES):
                return None
            raise
        return descriptor

    def held(self, device: int, inode: int) -> bool:
        """Whether somebody holds the file."""
        with self._lock:
            looking = self._looking.get(device)
            if looking is None:
                looking = self._looking[device] = self._open(device)
        found = fcntl.fcntl(looking, fcntl.F_OFD_GETLK, _wanted(inode))
        return bool(_LOCK.unpack(found)[0] != fcntl.F_UNLCK)

    def _open(self, device: int) -> int:
        name = f"{os.major(device)}-{os.minor(device)}"
        flags = os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW
        return os.open(self._folder / name, flags, 0o600)


def _wanted(inode: int) -> bytes:
    return _LOCK.pack(fcntl.F_WRLCK, os.SEEK_SET, inode & _HIGHEST, 1, 0)
