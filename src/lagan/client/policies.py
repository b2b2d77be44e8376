"""Policies of sites as Python calls: list, run, look what they would do."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from lagan.client.waiting import looks
from lagan.kit.http import Http

Row = dict[str, Any]
"""A policy as the hub tells it: `id`, `site`, `title`, what it says, `filesystems`, `last_run`."""


class Policies:
    """The policies of one hub that we may see."""

    def __init__(self, http: Http, pages: Callable[[str, Row], Iterator[Row]]) -> None:
        self._http, self._pages = http, pages

    def all(self) -> Iterator[Row]:
        """Those of sites that we may browse."""
        return self._pages("api/policies/", {})

    def make(self, given: Row) -> Row:
        """A new policy; it runs as us."""
        return self._json("POST", "api/policies/", given)

    def run(self, policy: int, dry: bool = False) -> Row:
        """Run it at once, or only look; the run, with its `job`."""
        verb = "dry-run" if dry else "run"
        return self._json("POST", f"api/policies/{policy}/{verb}/", {})

    def one_run(self, policy: int, run: int) -> Row:
        """A run with its report."""
        return self._json("GET", f"api/policies/{policy}/runs/{run}/")

    def await_run(self, policy: int, run: int, timeout: float | None = None) -> Row:
        """The run when it has ended. TimedOut after `timeout` seconds."""
        for row in looks(lambda: self.one_run(policy, run), timeout, f"Run {run}"):
            if row["finished"] is not None:
                return row
        raise AssertionError("looks end by TimedOut")

    def _json(self, method: str, path: str, given: Any = None) -> Row:
        with self._http.request(method, path, json=given) as answer:
            return dict(answer.json())
