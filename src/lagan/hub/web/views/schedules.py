"""Workflows that run by themselves: list, make, change, switch on and off, run now, remove."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from lagan.hub.base.actors import Actor
from lagan.hub.jobs.rules import HUB
from lagan.hub.jobs.site_rights import runnable
from lagan.hub.jobs.workflows import schedules
from lagan.hub.web import browsing, names, running
from lagan.hub.web.visitor import asked, signed_in
from lagan.kit.errors import LaganError, NotFound

HERE = "/administration/schedules/"
_form = require_http_methods(["GET", "HEAD", "POST"])
_ALL = browsing.Picked(["/"], [])
"""A schedule's paths may be folders: every way to find files is offered."""


@require_safe
@signed_in
def schedule_list(request: HttpRequest, actor: Actor) -> HttpResponse:
    """The visitor's own, all for an administrator; and the workflows that one can be made of."""
    context = {"schedules": schedules.visible(actor), "workflows": running.offered()}
    return render(request, "web/pages/schedules.html", context)


@_form
@signed_in
def new_schedule(request: HttpRequest, actor: Actor) -> HttpResponse:
    """Have the workflow in the address run at times."""
    name = asked(request, "workflow") or request.POST.get("workflow", "")
    row = running.workflow(name)
    if request.method != "POST":
        return _schedule(request, actor, row, {"every": "0 2 * * *"}, {})
    try:
        schedules.make_schedule(by=actor, workflow=row.name, **_posted(request, row))
    except LaganError as refusal:
        return _schedule(request, actor, row, request.POST, running.reasons(refusal))
    messages.success(request, _("It runs by itself from now on."))
    return redirect(HERE)


@_form
@signed_in
def schedule(request: HttpRequest, actor: Actor, schedule: int) -> HttpResponse:
    """Change one; whoever does is from then on the one as whom it runs."""
    row = schedules.schedule(actor, schedule)
    workflow = running.workflow(row.run["workflow"])
    if request.method != "POST":
        return _schedule(request, actor, workflow, _kept(row), {}, row)
    try:
        schedules.change_schedule(by=actor, schedule=schedule, **_posted(request, workflow))
    except LaganError as refusal:
        reasons = running.reasons(refusal)
        return _schedule(request, actor, workflow, request.POST, reasons, row)
    messages.success(request, _("The schedule is changed."))
    return redirect(HERE)


@require_POST
@signed_in
def act(request: HttpRequest, actor: Actor, schedule: int, verb: str) -> HttpResponse:
    """Switch on or off, run now, remove."""
    if verb not in _ACTS:
        raise NotFound("There is no such page.")
    try:
        said = _ACTS[verb](actor, schedule)
        messages.success(request, said)
    except LaganError as refusal:
        if refusal.status == 404:
            raise
        messages.error(request, refusal.sentence)
    return redirect(HERE)


def _run(actor: Actor, id: int) -> str:
    job = schedules.run_now(by=actor, schedule=id)
    return _("Job %(job)s has begun.") % {"job": job.pk}


def _enable(actor: Actor, id: int) -> str:
    schedules.change_schedule(by=actor, schedule=id, enabled=True)
    return _("The schedule is on.")


def _disable(actor: Actor, id: int) -> str:
    schedules.change_schedule(by=actor, schedule=id, enabled=False)
    return _("The schedule is off.")


def _remove(actor: Actor, id: int) -> str:
    schedules.remove_schedule(by=actor, schedule=id)
    return _("The schedule is removed.")


_ACTS: Mapping[str, Callable[[Actor, int], str]] = {
    "run": _run,
    "enable": _enable,
    "disable": _disable,
    "remove": _remove,
}


def _schedule(
    request: HttpRequest,
    actor: Actor,
    workflow: Any,
    given: Mapping[str, Any],
    reasons: Mapping[str, Sequence[str]],
    row: Any = None,
) -> HttpResponse:
    context = {
        "schedule": row,
        "workflow": workflow,
        "given": given,
        "reasons": reasons,
        "sites": [each.name for each in runnable(actor) if each.name != HUB],
        "fields": running.form_fields(actor, workflow, given),
        "discoveries": running.discoveries(given, _ALL),
        "filters": True,
    }
    return render(request, "web/pages/schedule.html", context, status=400 if reasons else 200)


def _posted(request: HttpRequest, workflow: Any) -> dict[str, Any]:
    given = request.POST
    return {
        "title": given.get("title", "").strip(),
        "every": given.get("every", "").strip(),
        "site": given.get("site", ""),
        "paths": [names.uncarried(each.strip()) for each in given.get("paths", "").splitlines()
                  if each.strip()],
        "discovery": running.discovery(given, _ALL),
        "fields": running.values(given, workflow),
        "filters": running.filters(given, _ALL),
    }  # fmt: skip


def _kept(row: Any) -> dict[str, Any]:
    """What a schedule runs, as its form shows it."""
    given: dict[str, Any] = {
        "title": row.title,
        "every": row.every,
        "site": row.run["site"],
        "paths": "\n".join(names.carried(each) for each in schedules.paths_of(row)),
        "discovery": row.run.get("discovery") or "",
    }
    for name, value in (row.run.get("fields") or {}).items():
        given[f"field:{name}"] = "" if value is False else value
    for name, value in (row.run.get("filters") or {}).items():
        given[f"filter:{name}"] = "\n".join(value) if isinstance(value, list) else value
    return given
