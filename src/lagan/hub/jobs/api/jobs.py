"""Jobs over HTTP, as documented."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from datetime import datetime
from typing import Annotated, Any

from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from ninja import Query, Router, Schema
from pydantic import Field

from lagan.hub.base.api import asker
from lagan.hub.base.numbered import numbered_together
from lagan.hub.base.problems import about
from lagan.hub.jobs import listing, queries, services
from lagan.hub.jobs.api import shown
from lagan.hub.jobs.api.bodies import In, Line, NumberedOut, json_answer
from lagan.hub.jobs.listing import JobFilter
from lagan.hub.jobs.models import Job
from lagan.hub.jobs.periods import period
from lagan.kit.errors import NotFound

router = Router(tags=["jobs"])
RECENT = 5
"""How many `recent/` shows."""
Text = Annotated[str, Field(max_length=4096)]
Number = Annotated[int, Field(ge=0, lt=2**63)]


class JobOut(Schema):
    """A job. `owner` is a user's name; numbers are of files, those of running tasks included;
    `num_dir_tasks` walks look for the files, `dir_walk_complete` when all have ended."""

    id: int
    url: str
    jobtype: str
    owner: str
    site: str
    created: datetime
    state: str
    numfiles: int
    numprocessedfiles: int
    numskippedfiles: int
    numfailedfiles: int
    num_dir_tasks: int
    dir_walk_complete: bool


class JobWhole(JobOut):
    """A job with the way in which its files were found, and the paths it was started on."""

    discovery: str | None
    paths: list[str]


class Stats(Schema):
    """How many of the listed jobs there are of each sort."""

    type: dict[str, int]
    state: dict[str, int]
    created: dict[str, int]
    site: dict[str, int]


class JobsOut(NumberedOut):
    """A numbered page of jobs, and statistics of all of them."""

    results: list[JobOut]
    stats: Stats


class RecentOut(NumberedOut):
    """The last jobs."""

    results: list[JobWhole]


class FileOut(Schema):
    """What became of a path: `processed`, `skipped`, `failed`, `waiting` or `running`, and why."""

    path: str
    state: str
    category: str
    reason: str


class FilesOut(JobWhole):
    """A job with a page of its files; `next` is the address of the page after it."""

    files: list[FileOut]
    next: str | None


class Asked(Schema):
    """How the list is filtered."""

    created: Text = ""
    jobtype: Text = ""
    state: Text = ""
    owner: Text = ""
    site: Text = ""


class JobIn(In):
    """A job that another program runs, and tells the numbers of."""

    jobtype: Line
    site: Line
    discovery: Line | None = None
    state: Text | None = None
    numfiles: Number | None = None
    numprocessedfiles: Number | None = None
    numskippedfiles: Number | None = None
    numfailedfiles: Number | None = None


class JobPatch(In):
    """What such a program tells next."""

    state: Text | None = None
    numfiles: Number | None = None
    numprocessedfiles: Number | None = None
    numskippedfiles: Number | None = None
    numfailedfiles: Number | None = None


@router.get("", response=JobsOut)
def list_jobs(request: HttpRequest, asked: Query[Asked]) -> Any:
    """The jobs that the asker may see, the newest first, with statistics. `created` is a period:
    `today`, `yesterday`, `week`, `7d`, `2026-01-31`, `2026-01-01..2026-01-31`."""
    since, until = period(asked.created, timezone.now())
    wanted = JobFilter(asked.jobtype, asked.state, asked.owner, asked.site, since, until)
    actor = asker(request)
    rows = listing.jobs(actor, wanted).defer(*_HEAVY)
    page = numbered_together(request, rows, lambda jobs: shown.listed(request, jobs))
    return {**page, "stats": listing.job_stats(actor, wanted)}


@router.post("", response={201: JobWhole})
def note_job(request: HttpRequest, body: JobIn) -> HttpResponse:
    """Note a job that another program runs."""
    with about("site"):
        job = services.note_outside(
            by=asker(request),
            kind=body.jobtype,
            site=body.site,
            discovery=body.discovery,
            **_told(body.dict(exclude_unset=True)),
        )
    return _whole(request, job, 201)


@router.get("recent/", response=RecentOut)
def list_recent(request: HttpRequest) -> HttpResponse:
    """The last five jobs that the asker may see, whatever state they are in."""
    rows = listing.jobs(asker(request), JobFilter())
    last = Job.objects.filter(pk__in=list(rows.values_list("pk", flat=True)[:RECENT]))
    jobs = last.order_by("-id")
    return json_answer(numbered_together(request, jobs, lambda page: shown.whole(request, page)))


@router.get("{int:id}/", response=JobWhole)
def show_job(request: HttpRequest, id: int) -> HttpResponse:
    """One job."""
    return _whole(request, _found(request, id))


@router.patch("{int:id}/", response=JobWhole)
def tell_job(request: HttpRequest, id: int, body: JobPatch) -> HttpResponse:
    """Tell how a job stands that another program runs."""
    job = services.tell(job=id, by=asker(request), **_told(body.dict(exclude_unset=True)))
    return _whole(request, job)


@router.delete("{int:id}/", response={204: None})
def delete_job(request: HttpRequest, id: int) -> HttpResponse:
    """Remove a job that has ended, with its tasks."""
    services.delete(job=id, by=asker(request))
    return HttpResponse(status=204)


@router.get("{int:id}/files/", response=FilesOut)
def list_files(
    request: HttpRequest,
    id: int,
    category: Text = "",
    after: str | None = None,
    size: Annotated[int, Field(ge=1, le=10_000)] = 1000,
) -> HttpResponse:
    """A job with its files and what became of each: all, or those of a `category` (`processed`,
    `skipped`, `failed`, `waiting`, `running`, or a finer one as `failed.busy`)."""
    job = _found(request, id)
    page = queries.item_outcomes(asker(request), id, category or None, after, size)
    return json_answer(
        {
            **shown.whole(request, [job])[0],
            "files": [_file(asdict(each)) for each in page.items],
            "next": _following(request, page.next),
        }
    )


@router.post("{int:id}/resubmit/", response={201: JobWhole})
def resubmit_job(request: HttpRequest, id: int) -> HttpResponse:
    """Do the same again as a new job, which is answered; the job itself when it has not ended."""
    return _whole(request, services.resubmit(job=id, by=asker(request)), 201)


_HEAVY = ("paths", "args", "fields", "filters")
_NUMBERS = {
    "numfiles": "total",
    "numprocessedfiles": "processed",
    "numskippedfiles": "skipped",
    "numfailedfiles": "failed",
    "state": "state",
}


def _told(given: Mapping[str, Any]) -> dict[str, Any]:
    """The numbers and the state under our names; what was not given or is null is left out."""
    return {
        ours: given[theirs] for theirs, ours in _NUMBERS.items() if given.get(theirs) is not None
    }


def _found(request: HttpRequest, id: int) -> Job:
    job = listing.jobs(asker(request), JobFilter()).filter(pk=id).first() if id < 2**63 else None
    if job is None:
        raise NotFound(f"There is no job {id}.", job=id)
    return job


def _whole(request: HttpRequest, job: Job, status: int = 200) -> HttpResponse:
    return json_answer(shown.whole(request, [job])[0], status)


def _file(outcome: dict[str, Any]) -> dict[str, Any]:
    return {"path": outcome.pop("item"), **outcome}


def _following(request: HttpRequest, after: str | None) -> str | None:
    if after is None:
        return None
    query = request.GET.copy()
    query["after"] = after
    return request.build_absolute_uri(f"{request.path}?{query.urlencode()}")


router.add_router("", "lagan.hub.jobs.api.actions.router")
