"""Who may see and change which jobs: everybody their own, and those whom the tree lets, all of
them."""

from __future__ import annotations

from django.db.models import Q

from lagan.hub.base.actors import Actor
from lagan.hub.jobs.models import Job
from lagan.hub.tree.permissions import Permission
from lagan.hub.tree.queries import may, path_of_entity
from lagan.hub.tree.rules import ids_in
from lagan.kit.errors import NotFound


def seen_by(actor: Actor) -> Q:
    """The jobs that `actor` may see, as a condition on `Job`."""
    if may_see_all(actor):
        return Q()
    return Q(created_by=actor.entity) if actor.entity is not None else Q(pk__in=())


def may_see(actor: Actor, job: Job) -> bool:
    """Whether `actor` may see `job`; the same rule as `seen_by`."""
    return may_see_all(actor) or (actor.entity is not None and job.created_by == actor.entity)


def visible_job(actor: Actor, id: int) -> Job:
    """The job's row; NotFound when there is none, or none for `actor`."""
    row = Job.objects.filter(pk=id).first()
    if row is None or not may_see(actor, row):
        raise NotFound(f"There is no job {id}.", job=id)
    return row


def may_change(actor: Actor, job: Job) -> bool:
    """Whether `actor` may cancel `job` or have it tried again: its own, or all with TASK_CHANGE
    on the root."""
    return may_change_of(actor, job.created_by)


def may_change_of(actor: Actor, creator: int | None) -> bool:
    """The same for a job of which only the creator is at hand."""
    mine = actor.entity is not None and creator == actor.entity
    return mine or _may_at_root(actor, Permission.TASK_CHANGE)


def may_see_all(actor: Actor) -> bool:
    """Whether no job is hidden from `actor`: it holds TASK_READ on the root of the tree."""
    return _may_at_root(actor, Permission.TASK_READ)


def _may_at_root(actor: Actor, permission: Permission) -> bool:
    if actor.is_system:
        return True
    path = path_of_entity(actor.entity) if actor.entity is not None else None
    return path is not None and may(actor, permission, ids_in(path)[0])
