"""How processes hear that tasks changed: NOTIFY and LISTEN on PostgreSQL, SQLite's own change
counter."""

from __future__ import annotations

import time
from typing import Any

from django.db import connection

CHANNEL = "lagan_tasks"

_LOOK = 0.02
"""Seconds between two looks at the change counter: 5 microseconds each, so that idling costs
nothing."""


def announce() -> None:
    """To be called inside the transaction of the change; heard when that commits, never before."""
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute(f"NOTIFY {CHANNEL}")


class DatabaseWaker:
    """`lagan.worker.embedded.Waker` on the connection of the thread that waits; only one thread
    may."""

    def __init__(self) -> None:
        self._seen: int | None = None
        self._listening: Any = None

    def wait(self, timeout: float) -> bool:
        """True as soon as tasks may have changed. On SQLite any other connection's commit
        counts."""
        if connection.vendor == "postgresql":
            return self._listen(timeout)
        return self._watch(time.monotonic() + timeout)

    def _listen(self, timeout: float) -> bool:
        connection.ensure_connection()
        raw: Any = connection.connection
        if self._listening is not raw:
            raw.execute(f"LISTEN {CHANNEL}")
            self._listening = raw
            return True  # whatever happened before we listened
        try:
            return any(True for _ in raw.notifies(timeout=timeout, stop_after=1))
        except Exception:
            connection.close()
            raise

    def _watch(self, deadline: float) -> bool:
        while (version := _data_version()) == self._seen:
            if time.monotonic() >= deadline:
                return False
            time.sleep(_LOOK)
        self._seen = version
        return True


def _data_version() -> int:
    """SQLite's count of commits by other connections."""
    with connection.cursor() as cursor:
        cursor.execute("PRAGMA data_version")
        return int(cursor.fetchone()[0])
