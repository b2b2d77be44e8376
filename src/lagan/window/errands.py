"""Work in a thread of its own: what it yields, and how it ended, arrives in the window's thread."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterable
from typing import Any

from PySide6.QtCore import QObject, Qt, Signal

from lagan.kit.errors import LaganError

log = logging.getLogger(__name__)
PATIENCE = 10.0
"""Seconds that a window which closes waits for an errand."""


class Errand(QObject):
    """Runs `work`, which is given an event that asks it to end early. After `stop` it tells
    nothing, not even what was on its way."""

    told = Signal(object)
    ended = Signal()
    failed = Signal(str)
    _arrived = Signal(object, object)

    def __init__(self, work: Callable[[threading.Event], Iterable[Any]]) -> None:
        super().__init__()
        self._work, self._stop = work, threading.Event()
        self._thread = threading.Thread(target=self._run, name="errand", daemon=True)
        self._arrived.connect(self._pass_on, Qt.ConnectionType.QueuedConnection)

    def start(self) -> None:
        """Begin; once."""
        _RUNNING.add(self)
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
                self._arrived.emit("told", each)
        except LaganError as error:
            self._arrived.emit("failed", error.sentence)
        except Exception as error:  # a fault of ours must not end in silence behind a window
            log.exception("An errand of the window failed.")
            words = f"Something unexpected went wrong: {type(error).__name__}: {error}"
            self._arrived.emit("failed", words)
        else:
            self._arrived.emit("ended", None)
        finally:
            self._arrived.emit("over", None)

    def _pass_on(self, what: str, news: Any) -> None:
        """In the window's thread."""
        if what == "over":
            _RUNNING.discard(self)
        elif self._stop.is_set():
            log.debug("An errand was stopped; it had %s.", what)
        elif what == "told":
            self.told.emit(news)
        elif what == "failed":
            self.failed.emit(news)
        else:
            self.ended.emit()


_RUNNING: set[Errand] = set()
"""Kept until their last word has arrived: Qt's objects end in the window's thread alone."""
