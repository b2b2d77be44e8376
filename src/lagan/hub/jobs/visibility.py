"""Who may see and change which jobs: everybody their own, and those whom the tree lets, all of
them."""

from __future__ import annotations

from django.db.models import Q

from lagan.hub.base.actors import Actor
from lagan.hub.jobs.models import Job


def seen_by(actor: Actor) -> Q:
    """The jobs that `actor` may see, as a condition on `Job`."""
    if may_see_all(actor):
        return Q()
    return Q(created_by=actor.entity) if actor.entity is not None else Q(pk__in=())


def may_see(actor: Actor, job: Job) -> bool:
    """Whether `actor` may see `job`; the same rule as `seen_by`."""
    return may_see_all(actor) or (actor.entity is not None and job.created_by == actor.entity)


def may_change(actor: Actor, job: Job) -> bool:
    """Whether `actor` may cancel `job` or have it tried again."""
    return actor.is_system or (actor.entity is not None and job.created_by == actor.entity)


def may_see_all(actor: Actor) -> bool:
    """Whether no job is hidden from `actor`."""
    return actor.is_system
