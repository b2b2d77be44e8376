"""Removing ended jobs: one that somebody asks for, and those that are older than the hub keeps
them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import Exists, OuterRef, QuerySet
from django.db.models.fields.json import KeyTextTransform
from django.utils import timezone

from lagan.hub.audit.kinds import Kind
from lagan.hub.audit.services import record
from lagan.hub.base.actors import SYSTEM, Actor
from lagan.hub.jobs.changes import announce
from lagan.hub.jobs.errors import JobNotOver
from lagan.hub.jobs.locking import locked
from lagan.hub.jobs.models import Job, Task
from lagan.hub.jobs.rules import OPEN_JOBS, JobState
from lagan.hub.jobs.walks import SNAPDIFF
from lagan.worker.steps import Context

STEP = "jobs.forget"
_AT_ONCE = 100


def delete(*, job: int, by: Actor) -> None:
    """Remove an ended job with its tasks; JobNotOver for one that goes on."""
    with transaction.atomic():
        row = locked(job, by)
        if row.state in OPEN_JOBS:
            raise JobNotOver(f"Job {job} has not ended yet.", job=job)
        _remove(row, by)
        announce()


def old_jobs(days: int) -> QuerySet[Job]:
    """Jobs that ended more than so many days ago. The last success of each snapshot difference
    stays: the next one is compared with it."""
    since = timezone.now() - timedelta(days=days)
    success = Job.objects.filter(discovery=SNAPDIFF, state=JobState.SUCCESS)
    success = success.annotate(same=KeyTextTransform(SNAPDIFF, "args"))
    later = success.filter(same=OuterRef("same"), pk__gt=OuterRef("pk"))
    last = success.filter(~Exists(later))
    ended = Job.objects.exclude(state__in=OPEN_JOBS).filter(finished__lt=since)
    return ended.exclude(pk__in=last.values("pk"))


def plan_forgetting() -> None:
    """Make the job that removes old ones, when there are any; `LAGAN_JOB_DAYS` 0 keeps all."""
    from lagan.hub.jobs.services import TaskSpec, create_job  # it gives out `delete` above

    days = settings.CONFIG.job_days
    if days and old_jobs(days).exists():
        tasks = [TaskSpec(STEP, args={"days": days})]
        create_job(kind=STEP, title="Removing old jobs", by=SYSTEM, tasks=tasks)


def forget(context: Context, args: Mapping[str, Any], items: Sequence[str]) -> Mapping[str, Any]:
    """Step: remove old jobs, each in a transaction of its own."""
    done = 0
    while ids := list(
        old_jobs(args["days"]).order_by("pk").values_list("pk", flat=True)[:_AT_ONCE]
    ):
        for id in ids:
            done += _forget(id)
            context.progress(done)
    return {"removed": done}


def _forget(id: int) -> int:
    with transaction.atomic():
        row = Job.objects.select_for_update(no_key=True).filter(pk=id).first()
        if row is None or row.state in OPEN_JOBS:
            return 0
        _remove(row, SYSTEM)
    return 1


def _remove(row: Job, by: Actor) -> None:
    facts = {"job": row.pk, "kind": row.kind, "title": row.title, "state": row.state}
    record(kind=Kind.JOB_DELETED, by=by, data=facts)
    Task.objects.filter(job=row).delete()
    row.delete()
