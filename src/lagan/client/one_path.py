"""Waiting for one path of a job that is shared with others' paths: recalls of a site and hour are
one job, and nobody waits for the hour."""

from __future__ import annotations

from typing import Any

from lagan.client.jobs import OPEN, Jobs
from lagan.client.waiting import JobFailed, looks

NEWEST = 100
"""Tasks among which the one of a path that was submitted just now is looked for."""

Row = dict[str, Any]


def await_path(jobs: Jobs, job: int, path: str, *, timeout: float | None = None) -> None:
    """Wait until `path`, which was added to `job` just now, is done or was as it should be.

    JobFailed with its reason; TimedOut after `timeout` seconds.
    """
    watch = Watch(jobs, job, path)
    for task in looks(watch.look, timeout, path):
        if not task or task["state"] in OPEN:
            continue
        if _failed(task):
            raise JobFailed(f"{path}: {_reason(task, path)}", job=job)
        if _count(task, "numprocessedfiles") + _count(task, "numskippedfiles"):
            return
        watch.look_on()


class Watch:
    """Looks at the newest task that has the path."""

    def __init__(self, jobs: Jobs, job: int, path: str) -> None:
        self._jobs, self._job, self._path = jobs, job, path
        self._passed: set[str] = set()
        self._mine: str | None = None

    def look(self) -> Row:
        """The task as it stands; empty when there is none yet."""
        if self._mine is not None:
            return self._jobs.task(self._mine)
        for row in self._jobs.tasks(self._job, NEWEST):
            name = str(row["taskid"])
            if name in self._passed:
                continue
            task = self._jobs.task(name)
            if self._path in task["paths"]:
                self._mine = name
                return task
            self._passed.add(name)
        return {}

    def look_on(self) -> None:
        """It ended without an outcome for the path: a later task tries again."""
        if self._mine is not None:
            self._passed.add(self._mine)
        self._mine = None


def _failed(task: Row) -> bool:
    return bool(_count(task, "numfailedfiles")) or task["state"] != "SUCCESS"


def _reason(task: Row, path: str) -> str:
    """Why the path failed, as its task tells it."""
    for each in task.get("results", {}).get("failed", ()):
        if each["path"] == path:
            return str(each["reason"] or each["category"])
    return f"its task ended with {task['state']}."


def _count(task: Row, name: str) -> int:
    return int(task.get(name) or 0)
