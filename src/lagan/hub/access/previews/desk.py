"""Where previews are asked for: at most two are drawn at a time, each once however many ask, and
nobody waits in a thread for his turn."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor

from lagan.hub.access.previews.blocks import Drawn
from lagan.kit.errors import Unavailable

AT_ONCE = 2
"""Drawing processes of one web process."""
WAITING = 200
"""Previews that may wait: a folder's page of small pictures."""


class Desk:
    """Futures of previews by their key."""

    def __init__(self, at_once: int = AT_ONCE) -> None:
        self._pool = ThreadPoolExecutor(at_once, thread_name_prefix="previews")
        self._lock = threading.Lock()
        self._running: dict[str, Future[Drawn]] = {}

    def ask(self, key: str, draw: Callable[[], Drawn]) -> Future[Drawn]:
        """The future of a preview that is being drawn, or is drawn now. Unavailable when too many
        wait."""
        with self._lock:
            known = self._running.get(key)
            if known is not None:
                return known
            if len(self._running) >= WAITING:
                raise Unavailable("Too many previews are waiting to be drawn; try again.")
            future = self._running[key] = self._pool.submit(draw)
        future.add_done_callback(lambda _: self._running.pop(key, None))
        return future
