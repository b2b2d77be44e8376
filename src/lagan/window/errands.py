"""Work in a thread of its own: what it yields, and how it ended, arrives in the window's thread."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterable
from typing import Any

from PySide6.QtCore import QObject, Signal

from lagan.kit.errors import LaganError

log = logging.getLogger(__name__)
PATIENCE = 10.0
"""Seconds that a window which closes waits for an errand."""


class Errand(QObject):
    """Runs `work`, which is given an event that asks it to end early."""

    told = Signal(object)
    ended = Signal()
    failed = Signal(str)

    def __init__(self, work: Callable[[threading.Event], Iterable[Any]]) -> None:
        super().__init__()
        self._work, self._stop = work, threading.Event()
        self._thread = threading.Thread(target=self._run, name="errand", daemon=True)

    def start(self) -> None:
        """Begin; once."""
        self._thread.start()

    def stop(self) -> None:
        """Ask it to end, and tell nothing more."""
        self._stop.set()

    def is_running(self) -> bool:
        """Whether it has begun and not ended."""
        return self._thread.is_alive()

    def wait(self, seconds: float = PATIENCE) -> bool:
        """Wait for its end; whether it came."""
        if self._thread.ident is not None:
            self._thread.join(seconds)
        return not self._thread.is_alive()

    def _run(self) -> None:
        try:
            for each in self._work(self._stop):
                if self._stop.is_set():
                    return
                self.told.emit(each)
        except LaganError as error:
            self._fail(error.sentence)
        except Exception as error:  # a fault of ours must not end in silence behind a window
            log.exception("An errand of the window failed.")
            self._fail(f"Something unexpected went wrong: {type(error).__name__}: {error}")
        else:
            if not self._stop.is_set():
                self.ended.emit()

    def _fail(self, sentence: str) -> None:
        if not self._stop.is_set():
            self.failed.emit(sentence)
