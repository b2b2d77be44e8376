"""A limit on bytes per second that several threads share."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable


class Throttle:
    """Lets `bytes_per_second` through on average, at most one second's worth at once."""

    def __init__(
        self,
        bytes_per_second: float,
        *,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], object] = time.sleep,
    ) -> None:
        if bytes_per_second <= 0:
            raise ValueError("a rate is above zero bytes per second")
        self._rate = bytes_per_second
        self._clock = clock
        self._sleep = sleep
        self._lock = threading.Lock()
        self._free_at = clock()

    def take(self, count: int) -> None:
        """Return when `count` more bytes may pass."""
        with self._lock:
            now = self._clock()
            self._free_at = max(self._free_at, now - 1.0) + count / self._rate
            wait = self._free_at - now
        if wait > 0:
            self._sleep(wait)
