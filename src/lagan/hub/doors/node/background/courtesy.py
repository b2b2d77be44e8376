"""Background work gives way: while clients are being served, it goes slowly, and it ends at once
when it is told."""

from __future__ import annotations

import threading

from lagan.hub.doors.node.process.state import State
from lagan.store.rate import Throttle

STEP = 0.05
"""Seconds between two looks at what the node does."""
LONGEST = 0.5
"""Seconds that one block of 4 MiB waits at most: a node that is never idle is checked at about
8 MB/s a reader, slowly but to the end."""
SMALL = 1 << 20
"""Bytes: less, or a file that is only looked up, waits for one step at most."""


class Stopped(Exception):
    """The service was told to end in the middle of a file."""


class Courtesy(Throttle):
    """Asked before every block that is read."""

    def __init__(self, state: State, stop: threading.Event) -> None:
        super().__init__(1.0)
        self._state, self._stop = state, stop

    def take(self, count: int) -> None:
        """Return when the next block may be read. Stopped."""
        waited, longest = 0.0, LONGEST if count >= SMALL else STEP
        while self._state.active and waited < longest and not self._stop.is_set():
            self._stop.wait(STEP)
            waited += STEP
        if self._stop.is_set():
            raise Stopped
