"""What is done to workflows: made, changed, removed, restored, run."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from django.db import IntegrityError, transaction
from django.utils import timezone

from lagan.hub.audit.kinds import Kind
from lagan.hub.audit.services import record
from lagan.hub.base.actors import Actor
from lagan.hub.jobs.models import Workflow
from lagan.hub.jobs.site_rights import require_administer
from lagan.hub.jobs.workflows import rules
from lagan.hub.jobs.workflows.defaults import default_of, ensure_defaults, row_of
from lagan.hub.jobs.workflows.errors import UnsoundWorkflow
from lagan.hub.jobs.workflows.queries import definition, workflow
from lagan.hub.jobs.workflows.rules import Definition
from lagan.hub.jobs.workflows.running import prepare, run_workflow
from lagan.hub.jobs.workflows.status_types import change_status_type, contrast
from lagan.kit.errors import NotFound

__all__ = [
    "change_status_type",
    "change_workflow",
    "contrast",
    "ensure_defaults",
    "make_workflow",
    "prepare",
    "remove_workflow",
    "restore_workflow",
    "run_workflow",
]


def make_workflow(
    *, by: Actor, name: str, label: str, steps: Any, fields: Any = (), icon: str = ""
) -> Workflow:
    """A new workflow. `steps` and `fields` are lists of objects, as JSON has them. UnsoundWorkflow
    with every reason, a name that is taken among them."""
    require_administer(by)
    wanted = Definition(name, label, steps, fields, icon)
    rules.check(wanted)
    with transaction.atomic():
        Workflow.objects.filter(name=name).exclude(removed=None).delete()
        row = _saved(Workflow(created_by=by.entity), wanted)
        record(kind=Kind.WORKFLOW_CREATED, by=by, data={"workflow": name})
    return row


def change_workflow(
    *,
    by: Actor,
    workflow: int,
    name: str | None = None,
    label: str | None = None,
    steps: Any = None,
    fields: Any = None,
    icon: str | None = None,
) -> Workflow:
    """Change a workflow; what is None stays. Jobs that were started keep the steps they were
    started with. A workflow that Lagan brought keeps its name: deployed programs ask for it."""
    require_administer(by)
    given = {"name": name, "label": label, "steps": steps, "fields": fields, "icon": icon}
    changes = {key: value for key, value in given.items() if value is not None}
    with transaction.atomic():
        row = _locked(workflow)
        wanted = replace(definition(row), **changes)
        rules.check(wanted)
        if row.default and wanted.name != row.name:
            raise UnsoundWorkflow({"name": [f"{row.name} came with Lagan and keeps its name."]})
        before = row.name
        _saved(row, wanted)
        data = {"workflow": before, "fields": sorted(changes)}
        record(kind=Kind.WORKFLOW_CHANGED, by=by, data=data)
    return row


def remove_workflow(*, by: Actor, workflow: int) -> None:
    """Remove a workflow; its jobs stay. One that Lagan brought can be restored."""
    require_administer(by)
    with transaction.atomic():
        row = _locked(workflow)
        if row.default:
            Workflow.objects.filter(pk=row.pk).update(removed=timezone.now())
        else:
            row.delete()
        record(kind=Kind.WORKFLOW_REMOVED, by=by, data={"workflow": row.name})


def restore_workflow(*, by: Actor, name: str) -> Workflow:
    """Make a workflow that Lagan brought as Lagan brought it, whether it was changed or removed.
    NotFound for a name that is none of them."""
    require_administer(by)
    wanted = default_of(name)
    if wanted is None:
        raise NotFound(f"Lagan brings no workflow called {ascii(name)}.", workflow=name)
    with transaction.atomic():
        row = Workflow.objects.select_for_update().filter(name=name).first() or row_of(wanted)
        row.default, row.removed = True, None
        _saved(row, wanted)
        record(kind=Kind.WORKFLOW_CHANGED, by=by, data={"workflow": name, "restored": True})
    return row


def _locked(id: int) -> Workflow:
    return Workflow.objects.select_for_update().get(pk=workflow(id).pk)


def _saved(row: Workflow, wanted: Definition) -> Workflow:
    row.name, row.label, row.icon = wanted.name, wanted.label, wanted.icon
    row.steps, row.fields = list(wanted.steps), list(wanted.fields or [])
    try:
        with transaction.atomic():
            row.save()
    except IntegrityError:
        said = f"There is a workflow called {wanted.name} already."
        raise UnsoundWorkflow({"name": [said]}) from None
    return row
