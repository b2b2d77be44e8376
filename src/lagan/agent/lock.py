"""One agent at a time for a data folder and a state folder; the lock ends with its process,
however that ends."""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Iterator
from pathlib import Path

from lagan.agent.errors import AlreadyRunning
from lagan.kit.errors import BadInput


@contextlib.contextmanager
def held(state: Path, data: Path) -> Iterator[None]:
    """Hold both folders. AlreadyRunning when another agent does, by whatever configuration."""
    with contextlib.ExitStack() as stack:
        try:
            state.mkdir(parents=True, exist_ok=True, mode=0o700)
            stack.enter_context(_locked(state / "lock", os.O_RDWR | os.O_CREAT))
            if sys.platform != "win32":
                # The folder itself: two configurations may point to the same data.
                stack.enter_context(_locked(data, os.O_RDONLY | os.O_DIRECTORY))
        except OSError as error:
            raise BadInput(f"Cannot lock {error.filename or state}: {error.strerror}.") from None
        yield


def is_held(state: Path) -> bool:
    """Whether an agent works with this state folder now."""
    if not (state / "lock").exists():
        return False
    try:
        with _locked(state / "lock", os.O_RDWR):
            return False
    except AlreadyRunning:
        return True


@contextlib.contextmanager
def _locked(path: Path, flags: int) -> Iterator[None]:
    descriptor = os.open(path, flags, 0o600)
    try:
        if not _take(descriptor):
            raise AlreadyRunning(
                f"Another agent is at work on {path if path.is_dir() else path.parent}."
            )
        yield
    finally:
        os.close(descriptor)


if sys.platform == "win32":
    import msvcrt

    def _take(descriptor: int) -> bool:
        try:
            msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
        except OSError:
            return False
        return True

else:
    import errno
    import fcntl

    def _take(descriptor: int) -> bool:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        except OSError as error:
            # Some network filesystems cannot lock a folder opened for reading; the state folder's
            # lock remains.
            if error.errno not in (errno.EBADF, errno.ENOTSUP, errno.ENOLCK):
                raise
        return True
