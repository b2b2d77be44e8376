"""A job's row for a verb: locked, and only for those who may change it."""

from __future__ import annotations

from lagan.hub.base.actors import Actor
from lagan.hub.jobs.models import Job
from lagan.hub.jobs.visibility import may_change, may_see
from lagan.kit.errors import Forbidden, NotFound


def locked(job: int, by: Actor) -> Job:
    """The job's row, locked until the transaction ends. NotFound if `by` may not see it, Forbidden
    if it may not change it."""
    row = Job.objects.select_for_update(no_key=True).filter(pk=job).first()
    if row is None or not may_see(by, row):
        raise NotFound(f"There is no job {job}.", job=job)
    if not may_change(by, row):
        raise Forbidden(f"Job {job} may be changed by who started it.", job=job)
    return row
