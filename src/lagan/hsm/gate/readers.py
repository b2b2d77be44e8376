"""Threads that read a group's events. The kernel opens the file for who reads its event, which may
have to wait for somebody's lease: then another thread goes on, so that no file waits for another.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from threading import Event as Flag
from threading import Lock, Thread, get_ident

from lagan.hsm.gate.fanotify import Event, Group

log = logging.getLogger("lagan.recalld")
MOST = 64
"""Threads: as many files with a lease may be opened at once before others wait for them."""
STUCK = 0.1
"""Seconds in which an event that is there is read, unless its file has to be waited for."""


class Readers:
    """One thread as a rule, more while they have to wait."""

    def __init__(self, group: Group, handle: Callable[[Event], None], stop: Flag) -> None:
        self._group, self._handle, self._stop = group, handle, stop
        self._reading: dict[int, float] = {}
        self._lock = Lock()
        self._running = 0

    def start(self) -> None:
        """The first of them."""
        with self._lock:
            self._running += 1
        Thread(target=self._run, name="events", daemon=True).start()

    def relieve(self) -> None:
        """Add one when events wait and all have been reading for long."""
        now = time.monotonic()
        with self._lock:
            stuck = [each for each in self._reading.values() if now - each > STUCK]
            all_stuck = len(stuck) == self._running < MOST
        if all_stuck and self._group.waiting():
            self.start()

    def _run(self) -> None:
        me = get_ident()
        while not self._stop.is_set():
            with self._lock:
                self._reading[me] = time.monotonic()
            try:
                events = self._group.read()
            except OSError as error:
                log.warning("Somebody was refused, as a file could not be opened for us: %s", error)
                events = []
            with self._lock:
                del self._reading[me]
            for each in events:
                self._answered(each)
            with self._lock:
                if self._running > 1:  # the others can do it again
                    self._running -= 1
                    return

    def _answered(self, event: Event) -> None:
        try:
            self._handle(event)
        except Exception:
            log.exception("An event could not be handled.")
