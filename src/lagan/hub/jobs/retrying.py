"""Trying again what failed in an ended job: of a workflow only the items that failed or were not
begun, at the stage where that was; what had counted is taken out of records and sums first."""

from __future__ import annotations

from django.db import transaction
from django.db.models import Q, QuerySet

from lagan.hub.audit.kinds import Kind
from lagan.hub.audit.services import record
from lagan.hub.base.actors import Actor
from lagan.hub.jobs import chaining, ending, packing
from lagan.hub.jobs.changes import announce
from lagan.hub.jobs.errors import JobNotOver
from lagan.hub.jobs.ledger import put_back
from lagan.hub.jobs.locking import locked
from lagan.hub.jobs.models import Job, Task
from lagan.hub.jobs.outcomes import PROCESSED, outcomes
from lagan.hub.jobs.rules import OPEN_JOBS, WALK, JobState, TaskState
from lagan.hub.jobs.settling import SKIPPED, Part
from lagan.worker.ledger import ALREADY

_AT_ONCE = 100
_BROKEN = Q(state=TaskState.DONE, failed_items__gt=0)
_BEGUN = Q(done_items__gt=0) | Q(skipped_items__gt=0) | Q(failed_items__gt=0)
_PARTLY = _BROKEN | Q(_BEGUN, state=TaskState.CANCELLED, stage__gte=0)
"""Tasks of a workflow whose worker told what became of some of their items."""
_UNFINISHED = Q(state__in=(TaskState.FAILED, TaskState.CANCELLED))
_AFRESH = {
    "errors": 0,
    "lapses": 0,
    "again": 0,
    "cancel": False,
    "error": "",
    "failures": b"",
    "skipped_items": 0,
    "already_items": 0,
    "failed_items": 0,
    "finished": None,
}


def retry(*, job: int, by: Actor) -> Job:
    """Run again whatever of an ended job failed or was cancelled. Of a workflow's tasks only the
    items that failed or were not begun; without stages all items of a task in which one failed.
    JobNotOver while the job runs."""
    with transaction.atomic():
        row = locked(job, by)
        if row.state in OPEN_JOBS:
            raise JobNotOver(f"Job {job} has not ended yet.", job=job)
        tasks = Task.objects.filter(job=row)
        again = _part(row, tasks.filter(_PARTLY)) if row.stages else 0
        again += _whole(row, tasks.filter(_UNFINISHED if row.stages else _UNFINISHED | _BROKEN))
        if again:
            Job.objects.filter(pk=row.pk).update(state=JobState.STARTED, finished=None)
        record(kind=Kind.JOB_RETRIED, by=by, data={"job": job})
        announce()
    row.refresh_from_db()
    return row


def _whole(job: Job, tasks: QuerySet[Task]) -> int:
    """Let tasks wait as they were before their first attempt; how many."""
    for task in tasks.order_by("id").iterator(chunk_size=_AT_ONCE):
        ending.count(job, ending.counted(job, task).less())
    return put_back(tasks, **_AFRESH)


def _part(job: Job, tasks: QuerySet[Task]) -> int:
    """Give what failed in tasks, or was not begun, to new ones, and leave them the rest; how many
    tasks."""
    ids = list(tasks.order_by("id").values_list("pk", flat=True))
    for id in ids:
        task = Task.objects.get(pk=id)
        ending.count(job, ending.counted(job, task).less())
        decided = (PROCESSED, SKIPPED)
        again = {each.item: each for each in outcomes(job, task) if each.state not in decided}
        every = packing.unpack_items(task.items)
        # What a walk could not read lies beneath its folders. The order of items is kept.
        new = list(again) if task.stage == WALK else [item for item in every if item in again]
        _keep(job, task, [item for item in every if item not in again], set(again))
        ending.count(job, ending.counted(job, task))
        chaining.again_in(job, task, new)
    return len(ids)


def _keep(job: Job, task: Task, items: list[str], gone: set[str]) -> None:
    """Let a task be one of `items` alone, all of which have their outcome or went on."""
    failures = [e for e in packing.unpack_failures(task.failures) if e.item not in gone]
    early = ending.part_of(job, task.stage) == Part.EARLIER
    if early and task.state == TaskState.CANCELLED:
        task.done_items = 0
    task.state = TaskState.DONE
    task.items, task.failures = packing.pack_items(items), packing.pack_failures(failures)
    task.item_count = 0 if task.stage == WALK else len(items)
    task.failed_items, task.skipped_items = 0, len(failures)
    task.already_items = sum(early and each.category == ALREADY for each in failures)
    task.save()
