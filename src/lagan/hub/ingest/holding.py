"""One process and one thread at a time works on an upload; the kernel lets go when they die."""

from __future__ import annotations

import fcntl
import os
import struct
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import UUID

from lagan.kit.errors import Locked

_FLOCK = "hhqqi4x"
"""struct flock on 64-bit Linux: type, whence, start, length, pid."""


class Hold:
    """A lock on one upload. Open-file-description locks: they also exclude threads, and may change
    threads."""

    def __init__(self, folder: Path, upload: UUID) -> None:
        """Take the lock at once or raise Locked."""
        folder.mkdir(parents=True, exist_ok=True)
        self._descriptor = os.open(
            folder / "uploads.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600
        )
        place = upload.int & (1 << 62) - 1
        wanted = struct.pack(_FLOCK, fcntl.F_WRLCK, os.SEEK_SET, place, 1, 0)
        try:
            fcntl.fcntl(self._descriptor, fcntl.F_OFD_SETLK, wanted)
        except OSError:
            os.close(self._descriptor)
            raise Locked(
                "Somebody else is sending this upload just now; try again.", upload=str(upload)
            ) from None

    def release(self) -> None:
        """Let go."""
        os.close(self._descriptor)


@contextmanager
def held(folder: Path, upload: UUID) -> Iterator[None]:
    """Hold an upload for the length of a block."""
    hold = Hold(folder, upload)
    try:
        yield
    finally:
        hold.release()
