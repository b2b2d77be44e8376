"""Python's search for cycles, in the window's thread alone and the whole of it between runs.

An object of Qt must end in the thread that it lives in, and Python would search in whichever
allocates. With 20,000 files on their way each search of everything held up the window for 0.2 to
0.4 seconds.
"""

from __future__ import annotations

import gc

from PySide6.QtCore import QObject, QTimer

EVERY = 1000
"""Milliseconds between two searches among what is new."""


class Collector(QObject):
    """Begins at once; `close` gives the search back to Python."""

    def __init__(self) -> None:
        super().__init__()
        gc.collect()
        gc.freeze()
        gc.disable()
        self._timer = QTimer(self, interval=EVERY)
        self._timer.timeout.connect(self._among_new)
        self._timer.start()

    def among_all(self, _: object = None) -> None:
        """When a run has ended and nothing moves."""
        gc.collect()

    def close(self) -> None:
        """The window is gone."""
        self._timer.stop()
        gc.unfreeze()
        gc.enable()

    def _among_new(self) -> None:
        gc.collect(1)
