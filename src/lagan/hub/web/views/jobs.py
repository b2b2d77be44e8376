"""The list of jobs, one job with live progress, its failures; cancel and try again."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from lagan.hub.base.actors import Actor
from lagan.hub.jobs import queries, services
from lagan.hub.jobs.errors import JobNotOver, JobOver
from lagan.hub.web import presented
from lagan.hub.web.visitor import asked, signed_in
from lagan.kit.errors import Forbidden

OPEN = ("PENDING", "STARTED")
FAILED = ("FAILURE", "ERROR")


@require_safe
@signed_in
def job_list(request: HttpRequest, actor: Actor) -> HttpResponse:
    """The visitor's jobs; asked for again every two seconds while one of them runs."""
    state, after = _state(request), asked(request, "after")
    page = queries.visible(actor, after=after, state=state or None)
    context = {
        "jobs": page.items,
        "state": state,
        "live": any(job.state in OPEN for job in page.items),
        "choices": presented.choices("/jobs/", presented.JOB_STATES, state),
        **presented.turning("/jobs/", after, page.next, state=state),
    }
    return render(request, _template(request, "jobs"), context)


@require_safe
@signed_in
def job(request: HttpRequest, actor: Actor, job: int) -> HttpResponse:
    """One job; its live part alone for htmx. A poll that finds it over reloads the page, whose
    buttons changed."""
    row = queries.job(actor, job)
    live = row.state in OPEN
    mine = row.created_by is not None and row.created_by == actor.entity
    context = {
        "job": row,
        "live": live,
        "changeable": live and mine,
        "retryable": row.state in FAILED and mine,
        **_parts(request, actor, job),
    }
    response = render(request, _template(request, "job"), context)
    if _is_poll(request) and not live:
        response["HX-Refresh"] = "true"
    return response


@require_POST
@signed_in
def cancel(request: HttpRequest, actor: Actor, job: int) -> HttpResponse:
    """Cancel it, and say so on its page."""
    try:
        services.cancel(job=job, by=actor)
        messages.success(request, _("The job is being cancelled."))
    except (JobOver, Forbidden) as refusal:
        messages.error(request, refusal.sentence)
    return redirect(f"/jobs/{job}/")


@require_POST
@signed_in
def retry(request: HttpRequest, actor: Actor, job: int) -> HttpResponse:
    """Run what failed again, and say so on its page."""
    try:
        services.retry(job=job, by=actor)
        messages.success(request, _("What failed runs again."))
    except (JobNotOver, Forbidden) as refusal:
        messages.error(request, refusal.sentence)
    return redirect(f"/jobs/{job}/")


def _parts(request: HttpRequest, actor: Actor, job: int) -> dict[str, Any]:
    after_task, after_failure = asked(request, "tasks"), asked(request, "failures")
    tasks = queries.tasks(actor, job, after=after_task)
    failures = queries.failures(actor, job, after=after_failure)
    here = f"/jobs/{job}/"
    return {
        "tasks": tasks.items,
        "failures": failures.items,
        "more_tasks": tasks.next
        and presented.addressed(here, tasks=tasks.next, failures=after_failure),
        "more_failures": failures.next
        and presented.addressed(here, tasks=after_task, failures=failures.next),
    }


def _is_poll(request: HttpRequest) -> bool:
    return request.headers.get("HX-Request") == "true"


def _template(request: HttpRequest, name: str) -> str:
    return f"web/{'parts' if _is_poll(request) else 'pages'}/{name}.html"


def _state(request: HttpRequest) -> str:
    state = asked(request, "state")
    return state if state in dict(presented.JOB_STATES) else ""
