"""How tasks and jobs come to their end: sums of what tasks did, and a final state when no task is
open."""

from __future__ import annotations

from django.db.models import F, QuerySet
from django.db.models.functions import Coalesce, Now

from lagan.hub.audit.kinds import Kind
from lagan.hub.audit.services import record
from lagan.hub.base.actors import SYSTEM
from lagan.hub.jobs import packing
from lagan.hub.jobs.models import Job, Task
from lagan.hub.jobs.rules import OPEN_JOBS, OPEN_TASKS, WALK, JobState, TaskState, final_state
from lagan.hub.jobs.settling import FAILED, Part, Sums, share
from lagan.worker.ledger import ItemFailure


def lock(job_id: int) -> Job:
    """The job's row, locked until the transaction ends."""
    return Job.objects.select_for_update(no_key=True).get(pk=job_id)


def part_of(job: Job, stage: int) -> Part:
    """What a task of this stage is of the job."""
    if stage == WALK:
        return Part.WALK
    return Part.EARLIER if stage + 1 < len(job.stages) else Part.LAST


def count(job: Job, sums: Sums) -> None:
    """Add to the sums of a locked job."""
    for category, number in sums.categories.items():
        job.categories[category] = job.categories.get(category, 0) + number
    job.categories = {name: number for name, number in job.categories.items() if number}
    Job.objects.filter(pk=job.pk).update(
        total=F("total") + sums.total,
        processed=F("processed") + sums.processed,
        skipped=F("skipped") + sums.skipped,
        failed=F("failed") + sums.failed,
        bytes=F("bytes") + sums.bytes,
        categories=job.categories,
    )


def counted(job: Job, task: Task) -> Sums:
    """What an ended task has added to the sums of its job."""
    failures = packing.unpack_failures(task.failures)
    if task.state == TaskState.FAILED:
        failures = [ItemFailure("", FAILED, "")] * task.failed_items
    return share(
        part_of(job, task.stage),
        items=task.item_count,
        done=task.done_items,
        skipped=task.skipped_items,
        already=task.already_items,
        failed=task.failed_items,
        size=task.done_bytes,
        failures=failures,
    )


def fail_task(job: Job, task: Task, error: str) -> None:
    """End a task of a locked job that could not be run to its end: all its items failed, and what a
    walk found is forgotten."""
    _forget_found(Task.objects.filter(pk=task.pk))
    failed = len(packing.unpack_items(task.items)) if task.stage == WALK else task.item_count
    ended = {"state": TaskState.FAILED, "error": error, "failed_items": failed, **_NOTHING}
    Task.objects.filter(pk=task.pk).update(**ended, lease_until=None, finished=Now())
    for name, value in ended.items():
        setattr(task, name, value)
    count(job, counted(job, task))


def cancel_tasks(tasks: QuerySet[Task], error: str = "") -> int:
    """End tasks that are no longer wanted; their items have no outcome. What their walks found is
    forgotten. The number of tasks."""
    _forget_found(tasks)
    ended = {"state": TaskState.CANCELLED, "error": error, "failed_items": 0, **_NOTHING}
    return tasks.update(**ended, lease_until=None, finished=Now())


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
    end(job, state)


def end(job: Job, state: JobState) -> None:
    """End a locked job, if it has not ended yet."""
    open_job = Job.objects.filter(pk=job.pk, state__in=OPEN_JOBS)
    started = Coalesce(F("started"), Now())
    if open_job.update(state=state, finished=Now(), started=started, paused=None):
        kind = Kind.JOB_FINISHED if state == JobState.SUCCESS else Kind.JOB_FAILED
        facts = {"job": job.pk, "kind": job.kind, "state": state}
        record(kind=kind, by=SYSTEM, data=facts, result=state.lower())


_NOTHING = {
    "done_items": 0,
    "done_bytes": 0,
    "skipped_items": 0,
    "already_items": 0,
    "failures": b"",
}


def _forget_found(walks: QuerySet[Task]) -> None:
    """Drop what walks that did not end well had found."""
    ids = walks.filter(stage=WALK).values("pk")
    Task.objects.filter(state=TaskState.FOUND, found_by__in=ids).delete()
