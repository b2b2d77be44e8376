"""Our own actions on jobs, beside the documented ones."""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime

from django.http import HttpRequest, HttpResponse
from ninja import Router, Schema

from lagan.hub.base.api import asker
from lagan.hub.jobs import queries, services
from lagan.hub.jobs.api.bodies import json_answer

router = Router()


class ProgressOut(Schema):
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
    paused: datetime | None = None
    total: int
    processed: int
    skipped: int
    failed: int
    bytes: int
    fraction: float


class FailuresOut(Schema):
    """Items that failed or were skipped, each with `item`, `category`, `reason`."""

    items: list[dict[str, str]]
    next: str | None


@router.get("{int:id}/progress/", response=ProgressOut)
def show_progress(request: HttpRequest, id: int) -> queries.JobRow:
    """How far a job is."""
    return queries.job(asker(request), id)


@router.get("{int:id}/failures/", response=FailuresOut)
def list_failures(request: HttpRequest, id: int, after: str | None = None) -> HttpResponse:
    """What was not done, and why."""
    page = queries.failures(asker(request), id, after)
    return json_answer({"items": [asdict(each) for each in page.items], "next": page.next})


@router.post("{int:id}/cancel/", response=ProgressOut)
def cancel_job(request: HttpRequest, id: int) -> queries.JobRow:
    """Stop a job; what is done stays done."""
    services.cancel(job=id, by=asker(request))
    return queries.job(asker(request), id)


@router.post("{int:id}/pause/", response=ProgressOut)
def pause_job(request: HttpRequest, id: int) -> queries.JobRow:
    """Begin nothing more of a job; what runs ends its batch."""
    services.pause(job=id, by=asker(request))
    return queries.job(asker(request), id)


@router.post("{int:id}/resume/", response=ProgressOut)
def resume_job(request: HttpRequest, id: int) -> queries.JobRow:
    """Go on with a paused job."""
    services.resume(job=id, by=asker(request))
    return queries.job(asker(request), id)


@router.post("{int:id}/retry/", response=ProgressOut)
def retry_job(request: HttpRequest, id: int) -> queries.JobRow:
    """Run again what failed or was cancelled in a job that has ended."""
    services.retry(job=id, by=asker(request))
    return queries.job(asker(request), id)
