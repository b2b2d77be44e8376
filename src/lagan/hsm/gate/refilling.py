"""Brings the content of a file back for those whom the gate keeps waiting."""

from __future__ import annotations

import os
import time
from collections.abc import Callable

from lagan.hsm import marker as markers
from lagan.hsm.errors import Busy
from lagan.hsm.gate.holds import Holds
from lagan.hsm.gate.served import Served
from lagan.hsm.recalling import recall
from lagan.hsm.target import Target, Tick

PATIENCE = 60.0
"""Seconds until somebody else who moves this file, or has a lease on it, is given up on; the kernel
itself takes a lease away after 45."""
_PAUSE = 0.01


class Refilling:
    """A `Refill` of `lagan.hsm.gate.recalls`."""

    def __init__(
        self, holds: Holds, target_called: Callable[[str], Target], served: Served
    ) -> None:
        self._holds, self._target_called, self._served = holds, target_called, served

    def __call__(self, descriptor: int, tick: Tick) -> None:
        """Busy when another one moves this file for too long; else as `lagan.hsm.recalling`."""
        found = os.fstat(descriptor)
        hold = self._held(found)
        try:
            marker = markers.read(descriptor)
            if marker is None or not marker.away:
                return
            target = self._target_called(marker.target)
            quiet = self._opened(descriptor)
            try:
                recall(quiet, target, kept_away=True, tick=tick)
            finally:
                os.close(quiet)
        finally:
            os.close(hold)

    def _held(self, found: os.stat_result) -> int:
        """Our hold of the file."""
        until = time.monotonic() + PATIENCE
        while (hold := self._holds.take(found.st_dev, found.st_ino)) is None:
            if time.monotonic() > until:
                raise Busy("Another process has been moving this file for long.")
            time.sleep(_PAUSE)
        return hold

    def _opened(self, descriptor: int) -> int:
        """The file for writing, whatever way its reader came."""
        until = time.monotonic() + PATIENCE
        while True:
            try:
                return self._served.open_quietly(descriptor)
            except BlockingIOError:
                if time.monotonic() > until:
                    raise Busy("Another program keeps a lease on this file.") from None
                time.sleep(_PAUSE)
