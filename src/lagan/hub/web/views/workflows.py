"""Administration of workflows and of how file states are shown."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from lagan.hub.base.actors import Actor
from lagan.hub.jobs.site_rights import may_administer, require_administer
from lagan.hub.jobs.workflows import queries, services
from lagan.hub.jobs.workflows.status_types import READABLE
from lagan.hub.web import running
from lagan.hub.web.visitor import signed_in
from lagan.kit.errors import LaganError
from lagan.worker.catalogue import STEPS

HERE = "/administration/workflows/"
STATES = "/administration/file-states/"
NEW_STEPS = [{"name": "hsm.migrate"}]
_form = require_http_methods(["GET", "HEAD", "POST"])


@require_safe
@signed_in
def workflow_list(request: HttpRequest, actor: Actor) -> HttpResponse:
    """All workflows with their steps and fields; those of Lagan that were removed."""
    context = {
        "workflows": [(row, running.icon(row.name)) for row in queries.workflows()],
        "removed": queries.removed_defaults(),
        "administers": may_administer(actor),
    }
    return render(request, "web/pages/workflows.html", context)


@_form
@signed_in
def new_workflow(request: HttpRequest, actor: Actor) -> HttpResponse:
    """Write a new one; every reason against it stands beside what it is about."""
    require_administer(actor)
    if request.method != "POST":
        given = {"steps": _pretty(NEW_STEPS), "fields": "[]"}
        return _workflow(request, given, {})
    given = request.POST.dict()
    reasons, parsed = _parsed(given)
    try:
        if not reasons:
            row = services.make_workflow(by=actor, **parsed)
            messages.success(request, _("%(label)s can be run now.") % {"label": row.label})
            return redirect(HERE)
    except LaganError as refusal:
        reasons = running.reasons(refusal)
    return _workflow(request, given, reasons)


@_form
@signed_in
def workflow(request: HttpRequest, actor: Actor, workflow: int) -> HttpResponse:
    """Change one; jobs that were started keep the steps they were started with."""
    row = queries.workflow(workflow)
    if request.method != "POST":
        given = {
            **{name: getattr(row, name) for name in ("name", "label", "icon")},
            "steps": _pretty(row.steps),
            "fields": _pretty(row.fields),
        }
        return _workflow(request, given, {}, row, may_administer(actor))
    require_administer(actor)
    given = request.POST.dict()
    reasons, parsed = _parsed(given)
    try:
        if not reasons:
            services.change_workflow(by=actor, workflow=workflow, **parsed)
            messages.success(request, _("The workflow is changed."))
            return redirect(HERE)
    except LaganError as refusal:
        reasons = running.reasons(refusal)
    return _workflow(request, given, reasons, row)


@require_POST
@signed_in
def remove_workflow(request: HttpRequest, actor: Actor, workflow: int) -> HttpResponse:
    """Nobody runs it any more; its jobs stay."""
    services.remove_workflow(by=actor, workflow=workflow)
    messages.success(request, _("The workflow is removed."))
    return redirect(HERE)


@require_POST
@signed_in
def restore_workflow(request: HttpRequest, actor: Actor) -> HttpResponse:
    """As Lagan brought it."""
    services.restore_workflow(by=actor, name=request.POST.get("name", ""))
    messages.success(request, _("The workflow is as Lagan brought it."))
    return redirect(HERE)


@require_safe
@signed_in
def state_list(request: HttpRequest, actor: Actor) -> HttpResponse:
    """The labels of file states."""
    context = {
        "states": [(row, _contrast(row)) for row in queries.status_types()],
        "readable": READABLE,
        "administers": may_administer(actor),
    }
    return render(request, "web/pages/file_states.html", context)


@_form
@signed_in
def state(request: HttpRequest, actor: Actor, key: str) -> HttpResponse:
    """Give one other words or colours."""
    require_administer(actor)
    row = queries.status_type(key)
    names = ("label", "background_color", "text_color")
    context: dict[str, Any] = {
        "state": row,
        "given": {name: request.POST.get(name, getattr(row, name)) for name in names},
        "readable": READABLE,
        "contrast": _contrast(row),
    }
    if request.method != "POST":
        return render(request, "web/pages/file_state.html", context)
    try:
        row = services.change_status_type(by=actor, key=key, **context["given"])
    except LaganError as refusal:
        context["reasons"] = running.reasons(refusal)
        return render(request, "web/pages/file_state.html", context, status=refusal.status)
    if _contrast(row) < READABLE:
        messages.warning(request, _("Saved, but its text is hard to read on this background."))
    else:
        messages.success(request, _("The label is changed."))
    return redirect(STATES)


def _workflow(
    request: HttpRequest,
    given: Mapping[str, Any],
    reasons: Mapping[str, Sequence[str]],
    row: Any = None,
    administers: bool = True,
) -> HttpResponse:
    context = {
        "workflow": row,
        "given": given,
        "reasons": reasons,
        "steps": STEPS,
        "administers": administers,
    }
    return render(request, "web/pages/workflow.html", context, status=400 if reasons else 200)


def _parsed(given: Mapping[str, str]) -> tuple[dict[str, Sequence[str]], dict[str, Any]]:
    """Why steps or fields are no JSON; what was written otherwise."""
    reasons: dict[str, Sequence[str]] = {}
    parsed: dict[str, Any] = {name: given.get(name, "").strip() for name in ("name", "label")}
    parsed["icon"] = given.get("icon", "")
    for name in ("steps", "fields"):
        try:
            parsed[name] = json.loads(given.get(name, "").strip() or "[]")
        except (ValueError, RecursionError) as odd:
            reasons[name] = [_("This is no JSON: %(why)s.") % {"why": odd}]
    return reasons, parsed


def _pretty(value: Any) -> str:
    return json.dumps(value, indent=2, ensure_ascii=False)


def _contrast(row: Any) -> float:
    return round(services.contrast(row.background_color, row.text_color), 1)
