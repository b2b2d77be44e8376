"""Jobs that somebody else's program runs: noted here, their numbers told, until a workflow is
submitted to one and it becomes ours.

Source: seeds/workflow-hub.txt, POST and PATCH of /jobs/.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.db import transaction
from django.utils import timezone

from lagan.hub.audit.kinds import Kind
from lagan.hub.audit.services import record
from lagan.hub.base.actors import Actor
from lagan.hub.jobs import ending, packing
from lagan.hub.jobs.changes import announce
from lagan.hub.jobs.errors import JobIsOurs
from lagan.hub.jobs.locking import locked
from lagan.hub.jobs.models import Job
from lagan.hub.jobs.rows import require_sites
from lagan.hub.jobs.rules import OPEN_JOBS, JobState
from lagan.hub.jobs.site_rights import require_run
from lagan.kit.errors import BadInput

_LARGEST = 2**63 - 1


def note_outside(
    *,
    by: Actor,
    kind: str,
    site: str,
    title: str = "",
    discovery: str | None = None,
    paths: Sequence[str] = (),
    state: str | None = None,
    **numbers: int | None,
) -> Job:
    """Note a job that runs elsewhere, with `numbers` as for `tell`. NotFound and Forbidden where
    one may not run anything, BadInput for an odd number or state."""
    require_run(by, site)
    told = _told(numbers, state)
    with transaction.atomic():
        require_sites({site})
        job = Job.objects.create(
            kind=kind,
            title=title or kind,
            site=site,
            created_by=by.entity,
            created_by_name=by.name,
            discovery=discovery,
            paths=packing.pack_items(paths),
            outside=True,
        )
        record(kind=Kind.JOB_NOTED, by=by, data={"job": job.pk, "kind": kind, "site": site})
        _write(job, told)
        announce()
    job.refresh_from_db()
    return job


def tell(*, job: int, by: Actor, state: str | None = None, **numbers: int | None) -> Job:
    """Say how far a job is that runs elsewhere: `total`, `processed`, `skipped`, `failed`, and its
    state; what is None stays. JobIsOurs for a job that runs here, BadInput for an odd number."""
    told = _told(numbers, state)
    with transaction.atomic():
        row = locked(job, by)
        if not row.outside:
            raise JobIsOurs(f"Job {job} is counted here.", job=job)
        _write(row, told)
        record(kind=Kind.JOB_TOLD, by=by, data={"job": job, **told})
        announce()
    row.refresh_from_db()
    return row


def _told(numbers: dict[str, int | None], state: str | None) -> dict[str, Any]:
    given = {name: number for name, number in numbers.items() if number is not None}
    for name, number in given.items():
        if name not in ("total", "processed", "skipped", "failed"):
            raise TypeError(name)
        if isinstance(number, bool) or not 0 <= number <= _LARGEST:
            raise BadInput(f"{name} is a number of files, not {number!r}.", field=name)
    if state is None:
        return given
    if state not in JobState.values:
        known = ", ".join(JobState.values)
        raise BadInput(f"No job is ever {state!r}; it is {known}.", field="state")
    return {**given, "state": JobState(state)}


def _write(job: Job, told: dict[str, Any]) -> None:
    """An ended job that is told to go on is open again."""
    state = told.get("state")
    Job.objects.filter(pk=job.pk).update(
        **{name: value for name, value in told.items() if name != "state"}
    ) if len(told) > (state is not None) else None
    if state is None:
        return
    if state in OPEN_JOBS:
        begun = timezone.now() if state == JobState.STARTED else None
        started = job.started or begun
        Job.objects.filter(pk=job.pk).update(state=state, started=started, finished=None)
    else:
        ending.end(job, state)
