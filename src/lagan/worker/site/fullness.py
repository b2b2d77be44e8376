"""How full the site's filesystems are, told without ever waiting for one that hangs."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from threading import Event, Lock, Thread
from typing import Any

from lagan.hsm.policy.fullness import Fullness, fullness
from lagan.worker.site import paths

FRESH = 10.0
"""Seconds for which what was found out is told again."""
PATIENCE = 0.5
"""Seconds that are waited for the filesystems; what they said before is told when they hang."""
MOST = 50
"""Filesystems of a site that are told."""
_MOUNTS = Path("/proc/self/mountinfo")


def of(path: str | int) -> Fullness:
    """That of the filesystem that `path` (or an open file) is in. OSError as the system says."""
    return fullness(os.statvfs(path))


def told(path: str, found: Fullness) -> dict[str, Any]:
    """As the hub, and people, hear it: bytes, percent with one digit."""
    return {
        "path": path,
        "used": found.used,
        "free": found.free,
        "percent": round(found.percent, 1),
        "keeps_read_times": found.keeps_read_times,
    }


def filesystems() -> list[dict[str, Any]]:
    """Those beneath the site's roots as they were some seconds ago at most, unless one hangs."""
    return _latest.get(tuple(paths.roots()))


class _Latest:
    """What was last found out, by a thread that may hang while others go on."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._done: Event | None = None
        self._roots: tuple[str, ...] = ()
        self._known: list[dict[str, Any]] = []
        self._at = float("-inf")

    def get(self, roots: tuple[str, ...]) -> list[dict[str, Any]]:
        with self._lock:
            if roots == self._roots and time.monotonic() - self._at < FRESH:
                return self._known
            if self._done is None or roots != self._roots:
                self._roots, self._known, self._done = roots, [], Event()
                Thread(target=self._look, args=(roots, self._done), daemon=True).start()
            done = self._done
        done.wait(PATIENCE)
        return self._known

    def _look(self, roots: tuple[str, ...], done: Event) -> None:
        try:
            found = list(_look(roots))
        except OSError:
            found = []
        with self._lock:
            if done is self._done:
                self._known, self._at, self._done = found, time.monotonic(), None
        done.set()


_latest = _Latest()


def _look(roots: tuple[str, ...]) -> Iterator[dict[str, Any]]:
    for path in sorted({*roots, *_mounted_beneath(roots)})[:MOST]:
        with suppress(OSError):  # not mounted just now: nothing is known of it
            found = of(path)
            if found.size:
                yield told(path.encode(errors="backslashreplace").decode(), found)


def _mounted_beneath(roots: tuple[str, ...]) -> Iterator[str]:
    beneath = tuple(root.rstrip("/") + "/" for root in roots)
    for line in _MOUNTS.read_bytes().splitlines():
        point = os.fsdecode(line.split(b" ")[4].decode("unicode_escape").encode("latin-1"))
        if point.startswith(beneath):
            yield point
