"""Schedules of workflows as Python calls: list, make, change, run now, remove."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from lagan.kit.http import Http

Row = dict[str, Any]
"""A schedule: `id`, `title`, `every` (five cron fields, UTC), what it runs, `enabled`, `next_run`,
`last_run`, `last_job`, `last_error`."""


class Schedules:
    """The schedules of one hub that we may see."""

    def __init__(self, http: Http, pages: Callable[[str, Row], Iterator[Row]]) -> None:
        self._http, self._pages = http, pages

    def all(self) -> Iterator[Row]:
        """Ours; all of them for who looks after sites."""
        return self._pages("api/schedules/", {})

    def make(self, given: Row) -> Row:
        """A new schedule; it runs as us."""
        return self._json("POST", "api/schedules/", given)

    def enable(self, schedule: int, enabled: bool) -> Row:
        """Let it run by itself, or no longer."""
        return self._json("PATCH", f"api/schedules/{schedule}/", {"enabled": enabled})

    def run_now(self, schedule: int) -> int:
        """Run at once what it runs; the job's number."""
        return int(self._json("POST", f"api/schedules/{schedule}/run/", {})["job"])

    def remove(self, schedule: int) -> None:
        """Remove it; jobs that it started stay."""
        with self._http.request("DELETE", f"api/schedules/{schedule}/"):
            pass

    def _json(self, method: str, path: str, given: Any = None) -> Row:
        with self._http.request(method, path, json=given) as answer:
            return dict(answer.json())
