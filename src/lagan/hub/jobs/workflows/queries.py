"""Which workflows there are, what a form offers for their fields, and how files' states are
shown. Everybody who is signed in may read these: they name no files."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db.models import QuerySet

from lagan.hub.base.actors import Actor
from lagan.hub.jobs import packing
from lagan.hub.jobs.errors import JobOver
from lagan.hub.jobs.models import FileStatusType, Job, Workflow
from lagan.hub.jobs.rules import OPEN_JOBS
from lagan.hub.jobs.site_rights import runnable
from lagan.hub.jobs.workflows import fields, rules
from lagan.hub.jobs.workflows.fields import Field, FieldType
from lagan.hub.jobs.workflows.paths import common
from lagan.hub.jobs.workflows.rules import Definition
from lagan.hub.tree.permissions import Permission
from lagan.hub.tree.queries import permitted
from lagan.kit.errors import NotFound


def workflows() -> QuerySet[Workflow]:
    """All workflows, in the order in which they were made."""
    return Workflow.objects.filter(removed=None).order_by("id")


def workflow(id: int) -> Workflow:
    """One of them, else NotFound."""
    row = workflows().filter(pk=id).first() if id < 2**63 else None
    if row is None:
        raise NotFound(f"There is no workflow {id}.", id=id)
    return row


def named(name: str) -> Workflow | None:
    """The workflow of that name; None when there is none."""
    printable = fields.is_printable(name)
    return workflows().filter(name=name).first() if printable else None


def names() -> list[str]:
    """The names of all workflows, in the order in which they were made."""
    return list(workflows().values_list("name", flat=True))


def removed_defaults() -> QuerySet[Workflow]:
    """The workflows that Lagan brought and somebody removed; they can be restored."""
    return Workflow.objects.exclude(removed=None).order_by("id")


def definition(row: Workflow) -> Definition:
    """A workflow as it was written."""
    return Definition(row.name, row.label, row.steps, row.fields, row.icon)


def form_fields(row: Workflow) -> list[Field]:
    """The fields that whoever runs it fills in."""
    return rules.fields_of(definition(row))


def choices(actor: Actor, type: FieldType) -> Sequence[tuple[str, str]]:
    """What `actor` can fill a field of a type `enum[...]` with: value and how to show it. Of groups
    and datasets the first 200."""
    match type.source:
        case fields.SITE:
            return [(site.name, site.title or site.name) for site in runnable(actor)]
        case fields.GROUP:
            held = permitted(actor, "GROUP", Permission.DATASET_CREATE)
        case fields.DATASET:
            held = permitted(actor, "DATASET", Permission.DATASET_READ)
        case _:
            return [(each, each) for each in type.choices]
    return [(str(id), path) for id, path in held]


@dataclass(frozen=True, slots=True)
class Origin:
    """What a job's results are named after: `folder` is the one that all its paths lie in, as the
    site names it."""

    title: str
    created: datetime
    folder: str


def origin(actor: Actor, job: int) -> Origin:
    """Where a job of `actor`'s own came from, while it goes on; NotFound for any other job, JobOver
    for an ended one."""
    row = Job.objects.filter(pk=job, created_by=actor.entity).first()
    if row is None or actor.entity is None:
        raise NotFound(f"You have no job {job}.", job=job)
    if row.state not in OPEN_JOBS:
        raise JobOver(f"Job {job} has ended already: {row.state}.", job=job)
    return Origin(row.title, row.created, common(packing.unpack_items(row.paths)))


@dataclass(frozen=True, slots=True)
class Ending:
    """How a job stands: `state` is a `JobState`, `by` whoever started it."""

    state: str
    by: Actor


def endings(jobs: Collection[int]) -> dict[int, Ending]:
    """How some jobs stand that people started, by their ids; asks no permission: for rooms that
    react to the end of a job."""
    rows = Job.objects.filter(pk__in=jobs).exclude(created_by=None)
    return {
        row.pk: Ending(row.state, Actor(row.created_by, row.created_by_name, "job"))
        for row in rows.only("state", "created_by", "created_by_name")
    }


def status_types() -> QuerySet[FileStatusType]:
    """How files' states are shown, in the order in which they were made."""
    return FileStatusType.objects.order_by("id")


def status_type(key: str) -> FileStatusType:
    """One of them by its key, else NotFound."""
    row = status_types().filter(key=key).first() if fields.is_printable(key) else None
    if row is None:
        raise NotFound(f"There is no file status type {ascii(key)}.", key=key)
    return row
