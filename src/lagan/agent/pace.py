"""A limit on bytes a second that all threads of a run share."""

from __future__ import annotations

import threading
import time


class Pace:
    """Makes whoever spends wait, so that no more than `rate` bytes a second go; 0 is no limit.

    `stop` ends every waiting.
    """

    def __init__(self, rate: float, stop: threading.Event) -> None:
        self._rate, self._stop = rate, stop
        self._lock = threading.Lock()
        self._free = time.monotonic()

    def spend(self, size: int) -> None:
        """Return when `size` bytes more may have gone. What was not spent is not saved up."""
        if not self._rate:
            return
        with self._lock:
            self._free = max(self._free, time.monotonic()) + size / self._rate
            until = self._free
        self._stop.wait(max(0.0, until - time.monotonic()))
