"""The service, run behind the window: the same schedule and the same runs, told to Qt's thread."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

from PySide6.QtCore import QObject, Signal

from lagan.agent.report import Report
from lagan.agent.rows import Observer
from lagan.agent.service import LOOK, Service
from lagan.agent.settings import Settings
from lagan.kit.errors import LaganError

log = logging.getLogger(__name__)
Run = Callable[[Settings, threading.Event], Report]


class Engine(QObject):
    """Begins when the settings can be read, and again whenever `begin` is called."""

    began = Signal()
    ended = Signal(object)
    failed = Signal(str)
    said = Signal(str)

    def __init__(self, config: Path, run: Run, observer: Observer) -> None:
        super().__init__()
        self._config, self._run, self._observer = config, run, observer
        self._service: Service | None = None
        self._thread: threading.Thread | None = None
        self._end, self._wake = threading.Event(), threading.Event()
        self._halt = threading.Event()
        self.is_running = False

    def begin(self) -> bool:
        """Follow the schedule from now on; False, with a reason said, when the settings cannot be
        read. Where it does already, look at the settings at once."""
        if self._thread is not None:
            self._wake.set()
            return True
        try:
            self._service = Service(
                self._config, self._work, self.said.emit, self._end, observer=self._observer
            )
            self._service.next()
        except LaganError as error:
            self._service = None
            self.said.emit(error.sentence)
            return False
        self._thread = threading.Thread(target=self._serve, name="engine", daemon=True)
        self._thread.start()
        return True

    def sync_now(self) -> None:
        """Run at once, whatever the schedule; the schedule stays as it is."""
        if self._service is not None:
            self._service.run_now()
            self._wake.set()

    def halt(self) -> None:
        """End the run that is under way; what it was sending goes on with the next."""
        self._halt.set()

    def next_run(self) -> datetime | None:
        """When the schedule has the next run, None for never by itself."""
        try:
            return self._service.next() if self._service is not None else None
        except LaganError:
            return None  # the service itself says why its schedule cannot be followed

    def settings(self) -> Settings | None:
        """The settings that are in force."""
        return self._service.settings if self._service is not None else None

    def close(self, seconds: float | None = None) -> bool:
        """End the run and the service; whether they have ended in time."""
        self._end.set()
        self._halt.set()
        self._wake.set()
        if self._thread is not None:
            self._thread.join(seconds)
            return not self._thread.is_alive()
        return True

    def _serve(self) -> None:
        service = self._service
        while service is not None and not self._end.is_set():
            self._wake.clear()
            service.step()
            self._wake.wait(LOOK)

    def _work(self, settings: Settings) -> Report:
        self._halt.clear()
        if self._end.is_set():
            self._halt.set()
        self.is_running = True
        self.began.emit()
        try:
            report = self._run(settings, self._halt)
        except LaganError as error:
            self._over(self.failed, error.sentence)
            raise
        except Exception as error:  # a fault of ours ends this run, not the ones after it
            log.exception("A run failed.")
            self._over(self.failed, f"Something unexpected went wrong: {error}")
            return Report()
        self._over(self.ended, report)
        return report

    def _over(self, signal: Any, what: object) -> None:
        self.is_running = False
        signal.emit(what)
