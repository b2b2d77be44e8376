"""How a job comes to its end: sums of what its tasks did, and a final state when no task is
open."""

from __future__ import annotations

from django.db.models import F, QuerySet, Sum
from django.db.models.functions import Coalesce, Now

from lagan.hub.audit.kinds import Kind
from lagan.hub.audit.services import record
from lagan.hub.base.actors import SYSTEM
from lagan.hub.jobs.models import Job, Task
from lagan.hub.jobs.rules import OPEN_JOBS, OPEN_TASKS, JobState, TaskState, final_state


def lock(job_id: int) -> Job:
    """The job's row, locked until the transaction ends."""
    return Job.objects.select_for_update(no_key=True).get(pk=job_id)


def count(job: Job, *, total: int = 0, done: int = 0, skipped: int = 0, failed: int = 0,
          size: int = 0) -> None:  # fmt: skip
    """Add to a job's sums."""
    Job.objects.filter(pk=job.pk).update(
        total=F("total") + total,
        processed=F("processed") + done,
        skipped=F("skipped") + skipped,
        failed=F("failed") + failed,
        bytes=F("bytes") + size,
    )


def close_tasks(job: Job, tasks: QuerySet[Task], state: TaskState, error: str) -> int:
    """End tasks of `job` that did not reach their end; of those that failed every item counts as
    failed."""
    if state == TaskState.FAILED:
        lost = tasks.aggregate(items=Coalesce(Sum("item_count"), 0))["items"]
        tasks = Task.objects.filter(pk__in=list(tasks.values_list("pk", flat=True)))
        tasks.update(failed_items=F("item_count"))
        Job.objects.filter(pk=job.pk).update(failed=F("failed") + lost)
    return tasks.update(
        state=state, error=error, lease_until=None, finished=Now(), done_items=0, done_bytes=0
    )


def end_if_over(job: Job) -> None:
    """Give a locked job its final state if it has none and no task of it is open."""
    tasks = Task.objects.filter(job=job)
    if tasks.filter(state__in=OPEN_TASKS).exists():
        return
    failed = Job.objects.values_list("failed", flat=True).get(pk=job.pk)
    state = final_state(
        errors=tasks.filter(state=TaskState.FAILED).exists(),
        cancelled=tasks.filter(state=TaskState.CANCELLED).exists(),
        failed_items=failed,
    )
    open_job = Job.objects.filter(pk=job.pk, state__in=OPEN_JOBS)
    if open_job.update(state=state, finished=Now(), started=Coalesce(F("started"), Now())):
        kind = Kind.JOB_FINISHED if state == JobState.SUCCESS else Kind.JOB_FAILED
        facts = {"job": job.pk, "kind": job.kind, "state": state}
        record(kind=kind, by=SYSTEM, data=facts, result=state.lower())
