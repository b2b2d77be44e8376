"""An observer that keeps the last row of each id, as a window does."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable
from typing import Any

from lagan.agent.report import Report
from lagan.agent.rows import Condition


class Kept:
    """Every view's rows by id, and every condition that each upload went through."""

    def __init__(self) -> None:
        self.rows: dict[str, dict[int, Any]] = {}
        self.passed: dict[str, list[Condition]] = {}
        self.calls = 0
        self.texts: list[str] = []
        self.speeds: list[float] = []
        self.caches: list[tuple[int, int]] = []
        self.report: Report | None = None
        self.threads: set[str] = set()

    def begun(self) -> None:
        self.rows.clear()

    def __getattr__(self, name: str) -> Callable[[Iterable[Any]], None]:
        if name not in ("folders", "users", "groups", "verifications", "uploads", "tasks"):
            raise AttributeError(name)

        def keep(rows: Iterable[Any]) -> None:
            self.calls += 1
            self.threads.add(threading.current_thread().name)
            for row in rows:
                self.rows.setdefault(name, {})[row.id] = row
                if name == "uploads":
                    self.passed.setdefault(row.filename, []).append(row.condition)

        return keep

    def cache(self, found: int, of: int) -> None:
        self.caches.append((found, of))

    def speed(self, bytes_per_second: float) -> None:
        self.speeds.append(bytes_per_second)

    def said(self, text: str) -> None:
        self.texts.append(text)

    def finished(self, report: Report) -> None:
        self.report = report

    def conditions(self, view: str = "uploads") -> dict[str, Condition]:
        """The last condition of each file by its name."""
        return {row.filename: row.condition for row in self.rows.get(view, {}).values()}
