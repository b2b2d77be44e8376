"""Waiting for a job's end: as long as it takes or as long as was said, through a hub that is away
for a while."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from typing import Any

from lagan.client.jobs import OPEN, Jobs
from lagan.kit.errors import LaganError, Unavailable

FIRST_PAUSE, LONGEST_PAUSE = 0.1, 2.0
"""Seconds between two looks; each pause is half as long again as the one before."""

PATIENCE = 600.0
"""Seconds for which a hub may be away before who waits gives up; the job goes on all the same."""

Row = dict[str, Any]


class JobFailed(LaganError):
    """The job has ended, and not everything that it was to do is done."""

    code, status, exit = "job-failed", 409, 20


class TimedOut(LaganError):
    """The job has not ended within the time that was given; it goes on."""

    code, status, exit, permanent = "timed-out", 504, 124, False


def await_end(
    jobs: Jobs, job: int, *, timeout: float | None = None,
    seen: Callable[[Row], object] = lambda row: None,
) -> Row:  # fmt: skip
    """The job when it has ended, however it ended. `seen` is told of every look.

    TimedOut after `timeout` seconds; Unavailable when the hub is away for longer than PATIENCE.
    """
    for row in looks(lambda: jobs.one(job), timeout, f"Job {job}"):
        seen(row)
        if row["state"] not in OPEN:
            return row
    raise AssertionError("looks end by TimedOut")


def looks(look: Callable[[], Row], timeout: float | None, what: str) -> Iterator[Row]:
    """What `look` gives, again and again, in time; TimedOut names `what`."""
    began = heard = time.monotonic()
    pause = FIRST_PAUSE
    while True:
        try:
            yield look()
            heard = time.monotonic()
        except Unavailable:
            if time.monotonic() - heard > PATIENCE:
                raise
        left = None if timeout is None else began + timeout - time.monotonic()
        if left is not None and left <= 0:
            raise TimedOut(f"{what} has not ended within {timeout:g} s; it goes on.")
        time.sleep(pause if left is None else min(pause, left))
        pause = min(pause * 1.5, LONGEST_PAUSE)


def require_success(row: Row) -> None:
    """JobFailed unless the job that `row` shows was done whole."""
    if row["state"] == "SUCCESS":
        return
    failed, total = row.get("numfailedfiles") or 0, row.get("numfiles") or 0
    raise JobFailed(
        f"Job {row['id']} ended with {row['state']}: {failed} of {total} paths failed.",
        job=row["id"],
    )
