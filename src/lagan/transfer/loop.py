"""One event loop a process, in a thread of its own, for the connections of all remote places."""

from __future__ import annotations

import asyncio
import os
import threading
from collections.abc import Coroutine
from concurrent.futures import TimeoutError as Late
from typing import Any, TypeVar

import asyncssh

T = TypeVar("T")

# Each connection would tell of itself in ten lines; what goes wrong is raised.
asyncssh.set_log_level("WARNING")

_lock = threading.Lock()
_running: tuple[int, asyncio.AbstractEventLoop] | None = None


def run(work: Coroutine[Any, Any, T], *, timeout: float | None = None) -> T:
    """Do `work` on the loop and wait for it. TimeoutError after `timeout` seconds, when it is
    cancelled."""
    future = asyncio.run_coroutine_threadsafe(work, _loop())
    try:
        return future.result(timeout)
    except Late:
        future.cancel()
        raise TimeoutError from None


def _loop() -> asyncio.AbstractEventLoop:
    """The loop of this process: a forked one needs its own."""
    global _running
    with _lock:
        if _running is None or _running[0] != os.getpid():
            loop = asyncio.new_event_loop()
            threading.Thread(target=loop.run_forever, name="transfer", daemon=True).start()
            _running = os.getpid(), loop
        return _running[1]
