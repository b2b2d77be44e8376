"""Pausing a job and letting it go on: what runs ends its batch, nothing new is begun meanwhile."""

from __future__ import annotations

from django.db import transaction
from django.utils import timezone

from lagan.hub.audit.kinds import Kind
from lagan.hub.audit.services import record
from lagan.hub.base.actors import Actor
from lagan.hub.jobs.changes import announce
from lagan.hub.jobs.errors import JobOver
from lagan.hub.jobs.locking import locked
from lagan.hub.jobs.models import Job, Task
from lagan.hub.jobs.rules import OPEN_JOBS, TaskState


def pause(*, job: int, by: Actor) -> Job:
    """Let nothing new of a job begin; a paused one stays as it is. JobOver for an ended job, or one
    that somebody else's program runs."""
    return _turn(job, by, True)


def resume(*, job: int, by: Actor) -> Job:
    """Let a paused job go on; one that is not paused stays as it is. JobOver for an ended job."""
    return _turn(job, by, False)


def _turn(job: int, by: Actor, hold: bool) -> Job:
    with transaction.atomic():
        row = locked(job, by)
        if row.state not in OPEN_JOBS or row.outside:
            raise JobOver(f"Job {job} does nothing that could be held: {row.state}.", job=job)
        if (row.paused is not None) != hold:
            row.paused = timezone.now() if hold else None
            row.save(update_fields=["paused"])
            before, after = _STATES if hold else _STATES[::-1]
            # A message on its way names a task that waits no more; it will be told of again.
            Task.objects.filter(job=row, state=before).update(state=after, published=None)
            record(kind=Kind.JOB_PAUSED if hold else Kind.JOB_RESUMED, by=by, data={"job": job})
            announce()
    row.refresh_from_db()
    return row


_STATES = (TaskState.QUEUED, TaskState.HELD)
