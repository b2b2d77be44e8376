"""The agent as a service: runs when its schedule says so, until it is told to end."""

from __future__ import annotations

import signal
import sys
import threading
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

from lagan.agent.report import Report
from lagan.agent.schedule import local_now, next_start
from lagan.agent.settings import Settings, read
from lagan.kit import stopping
from lagan.kit.errors import BadInput, LaganError

LOOK = 2.0
"""Seconds between looks at the clock and at the settings file."""


class Service:
    """Runs `work` by the settings in `path`, which are read again whenever the file changes."""

    def __init__(
        self, path: Path, work: Callable[[Settings], Report], say: Callable[[str], None],
        stop: threading.Event, clock: Callable[[], datetime] = local_now,
    ) -> None:  # fmt: skip
        self._path, self._work, self._say, self._stop, self._clock = path, work, say, stop, clock
        self._settings = read(path)
        self._stamp = self._look()
        self._started = clock()
        self._last: datetime | None = None
        self._saved: datetime | None = None
        self._now = threading.Event()

    def run_now(self) -> None:
        """Run once as soon as possible, whatever the schedule; the schedule stays as it is."""
        self._now.set()

    @property
    def settings(self) -> Settings:
        """Those in force: of the file as it was when it could last be read."""
        return self._settings

    def due(self) -> datetime | None:
        """When the schedule has the next run, None for never by itself."""
        return next_start(
            self._settings, self._clock(), self._started, self._last, self._saved
        )

    def serve(self) -> None:
        """Until `stop` is set. A run that cannot be is said, and the next one is tried in its
        time."""
        self._say(f"Schedule: {self._settings.schedule_type}.")
        while not self._stop.is_set():
            self.step()
            self._stop.wait(LOOK)

    def step(self) -> bool:
        """Look once at the settings and the clock; whether a run was made."""
        self._reload()
        asked = self._now.is_set()
        due = self.due()
        if not asked and (due is None or due > self._clock()):
            return False
        self._now.clear()
        if not asked:
            self._last = self._clock()
        try:
            self._work(self._settings)
        except LaganError as error:
            self._say(error.sentence)
        return True

    def _reload(self) -> None:
        stamp = self._look()
        if stamp == self._stamp:
            return
        self._stamp = stamp
        try:
            settings = read(self._path)
            next_start(settings, self._clock(), self._started, None, self._clock())
        except BadInput as error:
            self._say(f"The settings are not taken over: {error.sentence}")
            return
        self._settings, self._saved = settings, self._clock()
        self._say(f"Settings read again. Schedule: {settings.schedule_type}.")

    def _look(self) -> tuple[int, int] | None:
        try:
            seen = self._path.stat()
        except OSError:
            return None
        return seen.st_mtime_ns, seen.st_size


def on_signals(stop: threading.Event, run_now: Callable[[], None] | None = None) -> None:
    """SIGTERM and SIGINT end cleanly; SIGUSR1 (not on Windows) asks for a run now."""
    stopping.on_signals(stop.set)
    if sys.platform != "win32" and run_now is not None:
        stopping.on_signals(run_now, [signal.SIGUSR1])
