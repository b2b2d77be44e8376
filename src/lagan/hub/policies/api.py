"""Policies over HTTP: ours, the workflow hub leaves them to the filesystem's own policy engine."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.http import HttpRequest, HttpResponse
from ninja import Router, Schema

from lagan.hub.base.api import asker
from lagan.hub.base.pages import page_by_key
from lagan.hub.jobs.api.bodies import described, json_answer, json_body
from lagan.hub.policies import queries, services
from lagan.hub.policies.models import Policy, Run

router = Router(tags=["policies"])


class PolicyIn(Schema):
    """A policy of a site: what goes where, in which order, when. Sizes are bytes or texts like
    `64 KiB`, times seconds or texts like `90 d`, `high` and `low` percent; `every` five cron fields
    in UTC, a span like `6 h`, or empty. A new one needs `site` and `title`."""

    site: str
    title: str
    every: str = ""
    enabled: bool = True
    paths: list[str] = []
    include: list[str] = []
    exclude: list[str] = []
    min_size: int | str = 65536
    unread_for: float | str = 0
    unwritten_for: float | str = 0
    owners: list[str] = []
    groups: list[str] = []
    premigrated: str = "any"
    order: str = "unread"
    high: float | None = None
    low: float | None = None
    action: str = "migrate"
    target: str = ""
    stub_size: int | str = 0
    most_bytes: int | str | None = None
    most_files: int = 100_000


class FilesystemOut(Schema):
    """A filesystem as the site's workers told a moment ago: bytes, and percent as `df` has them."""

    path: str
    used: int
    free: int
    percent: float
    keeps_read_times: bool


class RunOut(Schema):
    """A run: a job, or a look (`dry`), begun by a schedule, a person or a filesystem that was too
    full (`cause`). `state` is the job's once it has ended, `report` what its walk chose."""

    id: int
    job: int
    dry: bool
    cause: str
    by: str
    started: datetime
    finished: datetime | None
    state: str
    moved: int
    report: dict[str, Any] | None


class PolicyOut(PolicyIn):
    """A policy with as whom it runs, when its schedule comes next, and its last run."""

    id: int
    owner: str
    next_run: datetime | None
    last_error: str
    last_run: RunOut | None
    filesystems: list[FilesystemOut]


class PoliciesOut(Schema):
    """A page of policies; `next` is the cursor of the page after it."""

    results: list[PolicyOut]
    next: str | None


class RunsOut(Schema):
    """A page of runs; `next` is the cursor of the page after it."""

    results: list[RunOut]
    next: str | None


@router.get("", response=PoliciesOut)
def list_policies(request: HttpRequest, after: str | None = None, size: int = 50) -> HttpResponse:
    """The policies of sites that you may browse."""
    rows = queries.visible(asker(request))
    page = page_by_key(rows, keys=["id"], after=after, size=size)
    return json_answer({"results": _listed(page.items), "next": page.next})


@router.post("", response={201: PolicyOut}, openapi_extra=described(PolicyIn))
def make_policy(request: HttpRequest) -> HttpResponse:
    """A new policy, which runs as you. For who administers sites."""
    given = _given(json_body(request))
    return json_answer(_one(services.make_policy(by=asker(request), **given)), 201)


@router.get("{int:id}/", response=PolicyOut)
def show_policy(request: HttpRequest, id: int) -> HttpResponse:
    """One policy."""
    return json_answer(_one(queries.policy(asker(request), id)))


@router.patch("{int:id}/", response=PolicyOut, openapi_extra=described(PolicyIn))
def change_policy(request: HttpRequest, id: int) -> HttpResponse:
    """Change a policy; what is not named stays. It runs as you from then on."""
    given = _given(json_body(request))
    return json_answer(_one(services.change_policy(by=asker(request), policy=id, **given)))


@router.delete("{int:id}/", response={204: None})
def remove_policy(request: HttpRequest, id: int) -> HttpResponse:
    """Remove a policy; jobs that it began stay."""
    services.remove_policy(by=asker(request), policy=id)
    return HttpResponse(status=204)


@router.post("{int:id}/run/", response={201: RunOut})
def run_policy(request: HttpRequest, id: int) -> HttpResponse:
    """Run it at once."""
    return json_answer(_run(services.run_policy(by=asker(request), policy=id)), 201)


@router.post("{int:id}/dry-run/", response={201: RunOut})
def dry_run(request: HttpRequest, id: int) -> HttpResponse:
    """Look what it would do; the report is in the run once that has ended."""
    return json_answer(_run(services.run_policy(by=asker(request), policy=id, dry=True)), 201)


@router.get("{int:id}/runs/", response=RunsOut)
def list_runs(
    request: HttpRequest, id: int, after: str | None = None, size: int = 20
) -> HttpResponse:
    """Its runs, the newest first."""
    page = queries.runs(asker(request), id, after, size)
    return json_answer({"results": [_run(row) for row in page.items], "next": page.next})


@router.get("{int:id}/runs/{int:run}/", response=RunOut)
def show_run(request: HttpRequest, id: int, run: int) -> HttpResponse:
    """One run with its report."""
    return json_answer(_run(queries.run(asker(request), id, run)))


def _given(body: Mapping[str, Any]) -> dict[str, Any]:
    """Fields that no policy has are passed over: clients send back what they were shown."""
    return {name: value for name, value in body.items() if name in services.KNOWN}


def _one(row: Policy) -> dict[str, Any]:
    return _listed([row])[0]


def _listed(rows: list[Policy]) -> list[dict[str, Any]]:
    last = queries.last_runs(rows)
    told = queries.filesystems_of_each(rows)
    return [
        {
            "id": row.pk,
            "site": row.site.name,
            "title": row.title,
            "every": row.every,
            "enabled": row.enabled,
            **queries.definition(row).as_json(),
            "owner": row.created_by_name,
            "next_run": row.next_run,
            "last_error": row.last_error,
            "last_run": _run(last[row.pk]) if row.pk in last else None,
            "filesystems": [dict(each) for each in told[row.pk]],
        }
        for row in rows
    ]


def _run(row: Run) -> dict[str, Any]:
    return {
        "id": row.pk,
        "job": row.job,
        "dry": row.dry,
        "cause": row.cause,
        "by": row.by_name,
        "started": row.started,
        "finished": row.finished,
        "state": row.state,
        "moved": row.moved,
        "report": row.report,
    }
