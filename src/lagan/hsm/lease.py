"""While a write lease is held nobody else has the file open, and who opens it waits in the kernel:
for that long its content can be let go or brought back unseen."""

from __future__ import annotations

import errno
import fcntl
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from lagan.hsm.errors import Busy, Unsupported

_BREAK_TIME = Path("/proc/sys/fs/lease-break-time")
_SPARE = 10.0
"""Seconds before the kernel lets those in who wait, in which what was begun is undone."""
_LOOK = 0.01  # seconds between two tries for a lease
_CANNOT = {errno.EINVAL, errno.EOPNOTSUPP, errno.ENOLCK, errno.ENOTTY}


class Lease:
    """A lease that is held, or on a filesystem without leases none."""

    def __init__(self, descriptor: int, *, held: bool = True) -> None:
        self._descriptor = descriptor
        self._held = held
        self._wanted_since: float | None = None

    def wanted(self) -> bool:
        """Whether somebody waits to open the file."""
        return self._held and fcntl.fcntl(self._descriptor, fcntl.F_GETLEASE) != fcntl.F_WRLCK

    def check(self) -> None:
        """Busy when somebody has waited for almost as long as the kernel makes them wait."""
        if not self.wanted():
            return
        now = time.monotonic()
        if self._wanted_since is None:
            self._wanted_since = now
        if now - self._wanted_since > _break_time() - _SPARE:
            raise Busy("Somebody opened the file meanwhile.")


@contextmanager
def leased(descriptor: int, *, needed: bool = True, patience: float = 0.0) -> Iterator[Lease]:
    """Hold the write lease of a file that is open for writing here and nowhere else.

    Busy when somebody has it open (or maps it into memory) for `patience` seconds. Unsupported on a
    filesystem without leases if the lease is `needed`. PermissionError for who neither owns the
    file nor is root.
    """
    held = True
    try:
        # Word that somebody waits comes by a signal; this one does nothing unless it is asked for.
        fcntl.fcntl(descriptor, fcntl.F_SETSIG, signal.SIGURG)
        _take(descriptor, time.monotonic() + patience)
    except OSError as error:
        if error.errno == errno.EAGAIN:
            raise Busy("Somebody has the file open.") from None
        if error.errno not in _CANNOT:
            raise
        if needed:
            raise Unsupported("This filesystem cannot keep writers away.") from None
        held = False
    try:
        yield Lease(descriptor, held=held)
    finally:
        if held:
            with suppress(OSError):
                fcntl.fcntl(descriptor, fcntl.F_SETLEASE, fcntl.F_UNLCK)


def _take(descriptor: int, until: float) -> None:
    while True:
        try:
            fcntl.fcntl(descriptor, fcntl.F_SETLEASE, fcntl.F_WRLCK)
        except BlockingIOError:  # EAGAIN: somebody has it open
            if time.monotonic() >= until:
                raise
            time.sleep(_LOOK)
        else:
            return


def _break_time() -> float:
    try:
        return float(_BREAK_TIME.read_text())
    except (OSError, ValueError):
        return 45.0  # the kernel's own
