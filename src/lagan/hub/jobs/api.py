"""Our own REST resource of jobs; the paths that foreign programs know are a door's."""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime
from typing import Any

from django.http import HttpRequest
from ninja import Router, Schema

from lagan.hub.base.api import asker
from lagan.hub.jobs import queries, services

router = Router(tags=["jobs"])


class JobOut(Schema):
    """A job as it stands; `fraction` is 0 to 1, counts are items, `bytes` is what was moved."""

    id: int
    kind: str
    title: str
    state: str
    created_by: int | None
    created_by_name: str
    created: datetime
    started: datetime | None
    finished: datetime | None
    total: int
    processed: int
    skipped: int
    failed: int
    bytes: int
    fraction: float


class JobsOut(Schema):
    """A page of jobs; `next` is the cursor of the page after it."""

    items: list[JobOut]
    next: str | None


class FailuresOut(Schema):
    """Items that failed or were skipped, each with `item`, `category`, `reason`."""

    items: list[dict[str, str]]
    next: str | None


@router.get("", response=JobsOut)
def list_jobs(
    request: HttpRequest, after: str | None = None, size: int = 50, state: str | None = None
) -> dict[str, Any]:
    """The jobs you may see, the newest first."""
    page = queries.visible(asker(request), after=after, size=size, state=state)
    return {"items": page.items, "next": page.next}


@router.get("{int:id}/", response=JobOut)
def read_job(request: HttpRequest, id: int) -> queries.JobRow:
    """One job with its progress."""
    return queries.job(asker(request), id)


@router.get("{int:id}/failures/", response=FailuresOut)
def list_failures(request: HttpRequest, id: int, after: str | None = None) -> dict[str, Any]:
    """What was not done, and why."""
    page = queries.failures(asker(request), id, after)
    return {"items": [asdict(each) for each in page.items], "next": page.next}


@router.post("{int:id}/cancel/", response=JobOut)
def cancel_job(request: HttpRequest, id: int) -> queries.JobRow:
    """Stop a job; what is done stays done."""
    actor = asker(request)
    services.cancel(job=id, by=actor)
    return queries.job(actor, id)


@router.post("{int:id}/retry/", response=JobOut)
def retry_job(request: HttpRequest, id: int) -> queries.JobRow:
    """Run again what failed or was cancelled in a job that has ended."""
    actor = asker(request)
    services.retry(job=id, by=actor)
    return queries.job(actor, id)
