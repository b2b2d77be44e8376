"""One listener a process hears that tasks or questions changed, and wakes all who wait here:
coroutines and threads, without a thread or a connection of their own."""

from __future__ import annotations

import asyncio
import logging
import os
import time
from collections.abc import Callable
from threading import Condition, Thread, current_thread

from django.db import connections

from lagan.hub.jobs.changes import DatabaseWaker

log = logging.getLogger(__name__)

LINGER = 30.0
"""Seconds that the listener goes on after the last who waited: one connection of the database's is
its own meanwhile."""

_DEAF = 1.0  # seconds until a database that cannot be heard is listened to again
_SLICE = 0.25  # seconds of one wait for the database, between two looks whether anybody listens


class Bell:
    """Rings when something was committed that may concern tasks or questions. It may ring for
    nothing, and never fails to ring: what happened while it was deaf counts as a ring."""

    def __init__(self, linger: float = LINGER) -> None:
        self._changed = Condition()
        self._count = 0
        self._sleepers: set[Callable[[], object]] = set()
        self._waiting = 0
        self._used = 0.0
        self._linger = linger
        self._listener: Thread | None = None
        self._pid = 0

    def heard(self) -> int:
        """How often it has rung; taken before a look at the rows, and given to `rung` or `wait`
        after it, nothing in between is missed. From now on it listens."""
        with self._changed:
            self._listen()
            return self._count

    async def rung(self, timeout: float, since: int | None = None) -> bool:
        """True as soon as it has rung more than `since` times (None: from now on), False after
        `timeout` seconds."""
        loop = asyncio.get_running_loop()
        woken = loop.create_future()

        def wake() -> None:
            loop.call_soon_threadsafe(_settle, woken)

        with self._changed:
            self._listen()
            if since is not None and self._count != since:
                return True
            self._sleepers.add(wake)
        try:
            await asyncio.wait_for(woken, timeout)
        except TimeoutError:
            return False
        else:
            return True
        finally:
            with self._changed:
                self._sleepers.discard(wake)
                self._used = time.monotonic()

    def wait(self, timeout: float, since: int | None = None) -> bool:
        """The same for a thread."""
        with self._changed:
            self._listen()
            before = self._count if since is None else since
            self._waiting += 1
            try:
                return self._changed.wait_for(lambda: self._count != before, timeout)
            finally:
                self._waiting -= 1
                self._used = time.monotonic()

    def ring(self) -> None:
        """Wake all who wait in this process, at once: for what it has committed itself."""
        with self._changed:
            self._count += 1
            self._changed.notify_all()
            sleepers, self._sleepers = self._sleepers, set()
        for wake in sleepers:
            try:
                wake()
            except RuntimeError:
                log.debug("a loop ended while something waited in it")

    def hush(self) -> None:
        """Listen no more until somebody waits again; returns when the listener has ended."""
        with self._changed:
            listener, self._listener = self._listener, None
        if listener is not None and self._pid == os.getpid():
            listener.join()

    def _listen(self) -> None:
        """Have a listener; one that was lost in a fork is another process's."""
        self._used = time.monotonic()
        if self._listener is None or self._pid != os.getpid():
            self._pid = os.getpid()
            self._listener = Thread(target=self._run, name="bell", daemon=True)
            self._listener.start()

    def _run(self) -> None:
        waker = DatabaseWaker()
        try:
            while self._is_wanted():
                try:
                    if waker.wait(_SLICE):
                        self.ring()
                except Exception as error:
                    log.warning("the bell is deaf for a moment: %s", error)
                    time.sleep(_DEAF)
                    self.ring()
        finally:
            connections.close_all()

    def _is_wanted(self) -> bool:
        """Whether the calling thread is the listener, and somebody waits or did a moment ago."""
        with self._changed:
            if self._listener is not current_thread():
                return False
            idle = time.monotonic() - self._used
            if self._sleepers or self._waiting or idle < self._linger:
                return True
            self._listener = None
            return False


def _settle(woken: asyncio.Future[None]) -> None:
    if not woken.done():
        woken.set_result(None)


_BELL = Bell()
heard, rung, wait, ring, hush = _BELL.heard, _BELL.rung, _BELL.wait, _BELL.ring, _BELL.hush
