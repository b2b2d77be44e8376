"""Schedules of workflows over HTTP: ours, the workflow hub has none."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.http import HttpRequest, HttpResponse
from ninja import Router, Schema

from lagan.hub.base.api import asker
from lagan.hub.base.pages import page_by_key
from lagan.hub.jobs.api.bodies import described, json_answer, json_body
from lagan.hub.jobs.models import Schedule
from lagan.hub.jobs.workflows import schedules

router = Router(tags=["schedules"])


class ScheduleIn(Schema):
    """When a workflow runs: `every` is five cron fields, in UTC; the others as they are given to
    run it at once. A new schedule needs `title`, `every`, `workflow`, `site` and `paths`."""

    title: str
    every: str
    workflow: str
    site: str
    paths: list[str]
    discovery: str | None = "recursive"
    fields: dict[str, Any] = {}
    filters: dict[str, Any] = {}
    enabled: bool = True


class ScheduleOut(ScheduleIn):
    """A schedule with when it runs next, ran last, as which job, and why it did not, if so; it
    runs as its `owner`."""

    id: int
    owner: str
    next_run: datetime
    last_run: datetime | None
    last_job: int | None
    last_error: str


class SchedulesOut(Schema):
    """A page of schedules; `next` is the cursor of the page after it."""

    results: list[ScheduleOut]
    next: str | None


class StartedOut(Schema):
    """The number of the job that was started."""

    job: int


_GIVEN = tuple(ScheduleIn.model_fields)
_NEEDED = ("title", "every", "workflow", "site", "paths")


@router.get("", response=SchedulesOut)
def list_schedules(request: HttpRequest, after: str | None = None, size: int = 50) -> HttpResponse:
    """Your schedules; all of them for who looks after sites."""
    page = page_by_key(schedules.visible(asker(request)), keys=["id"], after=after, size=size)
    return json_answer({"results": [_shown(row) for row in page.items], "next": page.next})


@router.post("", response={201: ScheduleOut}, openapi_extra=described(ScheduleIn))
def make_schedule(request: HttpRequest) -> HttpResponse:
    """A new schedule, which runs as you."""
    given = {**dict.fromkeys(_NEEDED), **_given(json_body(request))}
    return json_answer(_shown(schedules.make_schedule(by=asker(request), **given)), 201)


@router.get("{int:id}/", response=ScheduleOut)
def show_schedule(request: HttpRequest, id: int) -> HttpResponse:
    """One schedule."""
    return json_answer(_shown(schedules.schedule(asker(request), id)))


@router.patch("{int:id}/", response=ScheduleOut, openapi_extra=described(ScheduleIn))
def change_schedule(request: HttpRequest, id: int) -> HttpResponse:
    """Change a schedule; what is not named stays. It runs as you when you change what it runs."""
    given = _given(json_body(request))
    return json_answer(_shown(schedules.change_schedule(by=asker(request), schedule=id, **given)))


@router.delete("{int:id}/", response={204: None})
def remove_schedule(request: HttpRequest, id: int) -> HttpResponse:
    """Remove a schedule; jobs that it started stay."""
    schedules.remove_schedule(by=asker(request), schedule=id)
    return HttpResponse(status=204)


@router.post("{int:id}/run/", response={201: StartedOut})
def run_schedule(request: HttpRequest, id: int) -> HttpResponse:
    """Run at once what it runs."""
    return json_answer({"job": schedules.run_now(by=asker(request), schedule=id).pk}, 201)


def _given(body: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in body.items() if name in _GIVEN}


def _shown(row: Schedule) -> dict[str, Any]:
    return {
        "id": row.pk,
        "title": row.title,
        "every": row.every,
        **row.run,
        "paths": schedules.paths_of(row),
        "enabled": row.enabled,
        "owner": row.created_by_name,
        "next_run": row.next_run,
        "last_run": row.last_run,
        "last_job": row.last_job,
        "last_error": row.last_error,
    }
