"""Workflows over HTTP, as documented."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from ninja import Router

from lagan.hub.base.api import asker
from lagan.hub.base.numbered import numbered
from lagan.hub.jobs.api.bodies import In, NumberedOut, json_answer
from lagan.hub.jobs.models import Workflow
from lagan.hub.jobs.workflows import queries, services

router = Router(tags=["workflows"])


class WorkflowOut(In):
    """A workflow: `steps` one after the other, `fields` to be filled in when it is run, `icon` some
    HTML that shows it."""

    id: int
    name: str
    label: str
    icon: str
    steps: list[dict[str, Any]]
    fields: list[dict[str, Any]]


class WorkflowsOut(NumberedOut):
    """A numbered page of workflows."""

    results: list[WorkflowOut]


class WorkflowIn(In):
    """A workflow. A step is an object with a `name`, perhaps a `site`, and its arguments; a field
    has `name`, `label` and `type` (`string`, `int`, `bool`, `enum[site]`...)."""

    name: Any = None
    label: Any = None
    icon: Any = None
    steps: Any = None
    fields: Any = None


@router.get("", response=WorkflowsOut)
def list_workflows(request: HttpRequest) -> Any:
    """All workflows."""
    return numbered(request, queries.workflows(), _shown)


@router.post("", response={201: WorkflowOut})
def make_workflow(request: HttpRequest, body: WorkflowIn) -> HttpResponse:
    """A new workflow; whatever is wrong with it is told at once, by field."""
    given = {name: value for name, value in body.dict().items() if value is not None}
    whole: dict[str, Any] = {"name": "", "label": "", "steps": [], **given}
    return json_answer(_shown(services.make_workflow(by=asker(request), **whole)), 201)


@router.get("{int:id}/", response=WorkflowOut)
def show_workflow(request: HttpRequest, id: int) -> HttpResponse:
    """One workflow."""
    return json_answer(_shown(queries.workflow(id)))


@router.patch("{int:id}/", response=WorkflowOut)
def change_workflow(request: HttpRequest, id: int, body: WorkflowIn) -> HttpResponse:
    """Change a workflow; what is not named stays."""
    row = services.change_workflow(by=asker(request), workflow=id, **body.dict())
    return json_answer(_shown(row))


@router.delete("{int:id}/", response={204: None})
def remove_workflow(request: HttpRequest, id: int) -> HttpResponse:
    """Remove a workflow; its jobs stay."""
    services.remove_workflow(by=asker(request), workflow=id)
    return HttpResponse(status=204)


@router.post("restore/{name}/", response=WorkflowOut)
def restore_workflow(request: HttpRequest, name: str) -> HttpResponse:
    """Make a workflow that Lagan brought as Lagan brought it."""
    return json_answer(_shown(services.restore_workflow(by=asker(request), name=name)))


def _shown(row: Workflow) -> dict[str, Any]:
    return {
        "id": row.pk,
        "name": row.name,
        "label": row.label,
        "icon": row.icon,
        "steps": row.steps,
        "fields": row.fields,
    }
