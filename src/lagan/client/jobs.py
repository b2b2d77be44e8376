"""Jobs and their tasks as Python calls: list, look, stop, go on, and every path's outcome."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import islice
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from lagan.kit.http import Http, segment

Row = dict[str, Any]

OPEN = frozenset({"PENDING", "STARTED"})
"""States in which a job goes on."""


class Jobs:
    """The jobs of one hub that we may see."""

    def __init__(self, http: Http, numbered: Callable[[str, Row], Iterator[Row]]) -> None:
        self._http, self._numbered = http, numbered

    def list(self, limit: int = 20, **filters: str | None) -> Iterator[Row]:
        """Up to `limit` jobs, the newest first; filters `jobtype`, `state`, `owner`, `site`,
        `created`."""
        query = {name: value for name, value in filters.items() if value}
        return islice(self._numbered("api/jobs/", {**query, "page_size": limit}), limit)

    def one(self, job: int) -> Row:
        """A job: `state`, `jobtype`, `site`, `numfiles`, `numprocessedfiles` and the rest."""
        return self._json("GET", f"api/jobs/{job}/")

    def act(self, job: int, verb: str) -> Row:
        """`cancel`, `pause`, `resume`, `retry` or `resubmit`; what the hub answers. To repeat one
        of them does no harm."""
        return self._json("POST", f"api/jobs/{job}/{segment(verb)}/", {})

    def delete(self, job: int) -> None:
        """Remove a job that has ended."""
        with self._http.request("DELETE", f"api/jobs/{job}/"):
            pass

    def note(self, jobtype: str, site: str, **numbers: int | str) -> int:
        """Note a job that we run ourselves, with `state`, `numfiles`, `numprocessedfiles` and the
        like; its number. To repeat this makes another one."""
        given = {"jobtype": jobtype, "site": site, **numbers}
        with self._http.request("POST", "api/jobs/", json=given) as answer:
            return int(answer.json()["id"])

    def tell(self, job: int, **numbers: int | str) -> None:
        """Say how a job stands that we run ourselves."""
        self._json("PATCH", f"api/jobs/{job}/", numbers)

    def files(self, job: int, category: str | None = None) -> Iterator[Row]:
        """The paths of a job with `state`, `category` and `reason`, page by page."""
        query: Row = {"category": category} if category else {}
        while True:
            page = self._json("GET", f"api/jobs/{job}/files/", query=query)
            yield from page["files"]
            if not page.get("next"):
                return
            query |= dict(parse_qsl(urlsplit(page["next"]).query))

    def tasks(self, job: int, limit: int = 100) -> Iterator[Row]:
        """Up to `limit` tasks of a job, the newest first."""
        return islice(self._numbered("api/tasks/", {"job": job, "page_size": limit}), limit)

    def task(self, task: str) -> Row:
        """A task with its `paths` and `results`."""
        return self._json("GET", f"api/tasks/{segment(task)}/")

    def _json(self, method: str, path: str, given: Any = None, query: Row | None = None) -> Row:
        with self._http.request(method, path, json=given, query=query, repeat=True) as answer:
            return dict(answer.json() or {})
