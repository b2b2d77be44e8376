"""Where the engine's threads hand over what changed, and the window fetches it: the newest row of
each, in the order in which they first came."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from lagan.agent.report import Report
    from lagan.agent.rows import (
        FolderRow,
        GroupRow,
        TaskRow,
        UploadRow,
        UserRow,
        VerificationRow,
    )

AT_ONCE = 4000
"""Rows of a view that the window takes at a time: so many cost it less than a picture's time."""


@dataclass(slots=True)
class News:
    """What changed since the last look. `begun`: forget the rows of the run before."""

    begun: bool = False
    rows: dict[str, list[Any]] = field(default_factory=dict)
    said: str | None = None
    speed: float | None = None
    cache: tuple[int, int] | None = None
    sent: Sent | None = None


@dataclass(frozen=True, slots=True)
class Sent:
    """How much of what this run shall send has gone: files, bytes, and of how many."""

    files: int = 0
    size: int = 0
    of_files: int = 0
    of_size: int = 0


class Feed:
    """The engine's observer and its progress. Every method returns at once, whatever the window
    does."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._news = News()
        self._rows: dict[str, dict[int, Any]] = {}
        self._sent = Sent()

    def take(self, most: int = AT_ONCE) -> News:
        """What changed, at most so many rows of a view; the rest comes the next time."""
        with self._lock:
            news, self._news = self._news, News()
            news.rows = {view: _first(rows, most) for view, rows in self._rows.items() if rows}
        return news

    def begun(self) -> None:
        """A run begins: what was not fetched of the one before is of no interest any more."""
        with self._lock:
            self._news.begun = True
            self._rows = {"Tasks": self._rows.get("Tasks", {})}

    def folders(self, rows: Sequence[FolderRow]) -> None:
        """Datasets."""
        self._keep("Folders", rows)

    def users(self, rows: Sequence[UserRow]) -> None:
        """Users."""
        self._keep("Users", rows)

    def groups(self, rows: Sequence[GroupRow]) -> None:
        """Groups."""
        self._keep("Groups", rows)

    def verifications(self, rows: Sequence[VerificationRow]) -> None:
        """Files that were asked about."""
        self._keep("Verifications", rows)

    def uploads(self, rows: Sequence[UploadRow]) -> None:
        """Files on their way."""
        self._keep("Uploads", rows)

    def tasks(self, rows: Sequence[TaskRow]) -> None:
        """Runs."""
        self._keep("Tasks", rows)

    def cache(self, found: int, of: int) -> None:
        """Look-ups that cost no question."""
        with self._lock:
            self._news.cache = (found, of)

    def speed(self, bytes_per_second: float) -> None:
        """All uploads together."""
        with self._lock:
            self._news.speed = bytes_per_second

    def said(self, text: str) -> None:
        """Where the run is."""
        with self._lock:
            self._news.said = text

    def finished(self, report: Report) -> None:
        """The run has ended: nothing moves any more."""
        self.speed(0.0)

    # What `progress.Progress` asks for.

    def say(self, phase: str, **facts: Any) -> None:
        """A phase ended; `said` has it in words."""

    def begin(self, files: int, size: int) -> None:
        """Sending begins."""
        with self._lock:
            self._sent = self._news.sent = Sent(0, 0, files, size)

    def advance(self, files: int = 0, size: int = 0) -> None:
        """So much more."""
        with self._lock:
            old = self._sent
            self._sent = self._news.sent = Sent(
                old.files + files, old.size + size, old.of_files, old.of_size
            )

    def end(self) -> None:
        """Nothing more comes."""
        with self._lock:
            self._sent = self._news.sent = Sent()

    def _keep(self, view: str, rows: Iterable[Any]) -> None:
        with self._lock:
            kept = self._rows.setdefault(view, {})
            for row in rows:
                kept[row.id] = row


def _first(rows: dict[int, Any], most: int) -> list[Any]:
    """Take the first rows out."""
    if len(rows) <= most:
        taken = list(rows.values())
        rows.clear()
        return taken
    keys = [key for key, _ in zip(rows, range(most), strict=False)]
    return [rows.pop(key) for key in keys]
