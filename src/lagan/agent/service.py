"""The agent as a service: runs when its schedule says so, until it is told to end."""

from __future__ import annotations

import signal
import sys
import threading
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

from lagan.agent.errors import AlreadyRunning
from lagan.agent.report import Report
from lagan.agent.rows import Observer, TaskRow
from lagan.agent.schedule import local_now, next_start, within_hours
from lagan.agent.settings import Settings, read
from lagan.agent.waiting import again_after
from lagan.kit import stopping
from lagan.kit.errors import BadInput, LaganError

LOOK = 2.0
"""Seconds between looks at the clock and at the settings file."""
SIGN = timedelta(minutes=15)
"""How often the hub gets a sign of life, and is asked for settings, when no run is due."""


class Service:
    """Runs `work` by the settings in `path`, which are read again whenever the file changes.

    A run for which the server was away, or which left files that could not be sent just now, is
    made again after a while that doubles each time, whatever the schedule says; on a Timer only
    between its two times of day.
    """

    def __init__(
        self, path: Path, work: Callable[[Settings], Report], say: Callable[[str], None],
        stop: threading.Event, clock: Callable[[], datetime] = local_now,
        observer: Observer | None = None, load: Callable[[Path], Settings] = read,
        refresh: Callable[[Settings], object] = lambda settings: None,
    ) -> None:  # fmt: skip
        """`refresh` is called with the settings every SIGN between runs; it must not raise."""
        self._path, self._work, self._say, self._stop, self._clock = path, work, say, stop, clock
        self._observer, self._load, self._refresh = observer, load, refresh
        self._settings = load(path)
        self._stamp = self._look()
        self._started = self._signed = clock()
        self._last: datetime | None = None
        self._saved: datetime | None = None
        self._again: datetime | None = None
        self._failures = 0
        self._tasks = 0
        self._now = threading.Event()

    @property
    def settings(self) -> Settings:
        """The settings as they are now."""
        return self._settings

    def run_now(self) -> None:
        """Run once as soon as possible, whatever the schedule; the schedule stays as it is."""
        self._now.set()

    def next(self) -> datetime | None:
        """When the next run is due by itself, None for never; a local time."""
        due = next_start(self._settings, self._clock(), self._started, self._last, self._saved)
        if self._again is None:
            return due
        again = within_hours(self._settings, self._again)
        return again if due is None else min(due, again)

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
        now, asked = self._clock(), self._now.is_set()
        due = next_start(self._settings, now, self._started, self._last, self._saved)
        is_due = due is not None and due <= now
        again = self._again and within_hours(self._settings, self._again)
        if not (asked or is_due or (again is not None and again <= now)):
            if now - self._signed >= SIGN:
                self._signed = now
                self._refresh(self._settings)
            return False
        self._now.clear()
        self._signed = now
        if is_due:
            self._last = now
        self._run("Scan and upload" if asked or is_due else "Scan and upload again", now)
        return True

    def _run(self, job: str, now: datetime) -> None:
        self._tasks += 1
        task = TaskRow(
            self._tasks, job, now, None, schedule_words(self._settings), _interval(self._settings)
        )
        self._tell(task)
        failed = False
        try:
            report = self._work(self._settings)
            failed = bool(report.failed) and not report.stopped
        except LaganError as error:
            self._say(error.sentence)
            failed = not error.permanent and not isinstance(error, AlreadyRunning)
        finally:
            self._tell(replace(task, finish=self._clock()))
        self._failures = self._failures + 1 if failed else 0
        self._again = None
        if failed:
            pause = timedelta(seconds=again_after(self._failures))
            self._again = self._clock() + pause
            self._say(f"Tried again in {pause.total_seconds():.0f} seconds.")

    def _tell(self, task: TaskRow) -> None:
        if self._observer is not None:
            self._observer.tasks([task])

    def _reload(self) -> None:
        stamp = self._look()
        if stamp == self._stamp:
            return
        self._stamp = stamp
        try:
            settings = self._load(self._path)
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


def schedule_words(settings: Settings) -> str:
    """The schedule's type; Weekly with its days, as `Weekly (MTW-F--)`."""
    if settings.schedule_type != "Weekly":
        return settings.schedule_type
    days = "".join(
        letter if day in settings.weekdays else "-" for day, letter in enumerate("MTWTFSS")
    )
    return f"Weekly ({days})"


def _interval(settings: Settings) -> int | None:
    return settings.timer_minutes if settings.schedule_type == "Timer" else None


def on_signals(stop: threading.Event, run_now: Callable[[], None] | None = None) -> None:
    """SIGTERM and SIGINT end cleanly; SIGUSR1 (not on Windows) asks for a run now."""
    stopping.on_signals(stop.set)
    if sys.platform != "win32" and run_now is not None:
        stopping.on_signals(run_now, [signal.SIGUSR1])
