"""A workflow's job for tests, and what is read of it again."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from lagan.hub.base.actors import SYSTEM, Actor
from lagan.hub.jobs import queries
from lagan.hub.jobs.ledger import DatabaseLedger
from lagan.hub.jobs.models import Job
from lagan.hub.jobs.services import Stage, Submission, ensure_site, start
from lagan.worker.ledger import Claimed, ItemFailure, Outcome

SITE = "lab"


def submission(
    paths: Sequence[str] = ("/data/a", "/data/b", "/data/c"),
    stages: int = 2,
    discovery: str | None = None,
    **more: Any,
) -> Submission:
    """Steps `test.s0`, `test.s1`, ... one after the other at the site `lab`."""
    ensure_site(name=SITE, limit=100)
    steps = [Stage(f"test.s{number}", SITE) for number in range(stages)]
    given = {"kind": "send", "title": "Send", "site": SITE, **more}
    return Submission(paths=list(paths), stages=steps, discovery=discovery, **given)


def begun(by: Actor = SYSTEM, **asked: Any) -> Job:
    """A started job."""
    return start(submission=submission(**asked), by=by)


def claim(count: int = 100) -> list[Claimed]:
    """What a worker of the site gets."""
    return DatabaseLedger().claim([SITE], "w", count)


def told(*failures: tuple[str, str]) -> list[ItemFailure]:
    """Items with their categories."""
    return [ItemFailure(item, category, "why") for item, category in failures]


def finish(claimed: Claimed, *failures: tuple[str, str], **more: Any) -> None:
    """End a task whose other items were done."""
    outcome = Outcome(failures=told(*failures), **{"done": len(claimed.items), **more})
    DatabaseLedger().finish(claimed, outcome)


def run_out() -> None:
    """Finish whatever there is to do, with everything done."""
    while tasks := claim():
        for each in tasks:
            finish(each)


def sums(job: Job) -> tuple[int, int, int, int]:
    """Total, processed, skipped, failed."""
    job.refresh_from_db()
    return job.total, job.processed, job.skipped, job.failed


def outcomes(job: Job, category: str | None = None, size: int = 3) -> dict[str, str]:
    """Every path with its category, read page by page; none twice."""
    found: dict[str, str] = {}
    after: str | None = None
    while True:
        page = queries.item_outcomes(SYSTEM, job.pk, category, after, size)
        assert len(page.items) <= size
        for each in page.items:
            assert each.item not in found, each
            found[each.item] = each.category
        if page.next is None:
            return found
        after = page.next
