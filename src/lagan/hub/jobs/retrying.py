"""Trying again what failed in an ended job: of a workflow only the failed items, at the stage where
they failed; what they had counted is taken out of records and sums first."""

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
from lagan.hub.jobs.rules import OPEN_JOBS, WALK, JobState, TaskState
from lagan.hub.jobs.settling import is_skip


def retry(*, job: int, by: Actor) -> Job:
    """Run again whatever of an ended job failed or was cancelled. Of a workflow's tasks that came
    to their end only the items that failed; without stages all items of a task in which one
    failed. JobNotOver while the job runs."""
    with transaction.atomic():
        row = locked(job, by)
        if row.state in OPEN_JOBS:
            raise JobNotOver(f"Job {job} has not ended yet.", job=job)
        unfinished = Q(state__in=(TaskState.FAILED, TaskState.CANCELLED))
        broken = Q(state=TaskState.DONE, failed_items__gt=0)
        tasks = Task.objects.filter(job=row)
        again = _part(row, tasks.filter(broken)) if row.stages else 0
        again += _whole(row, tasks.filter(unfinished if row.stages else unfinished | broken))
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
    """Give the failed items of tasks to new ones; how many tasks."""
    ids = list(tasks.order_by("id").values_list("pk", flat=True))
    for id in ids:
        task = Task.objects.get(pk=id)
        failures = packing.unpack_failures(task.failures)
        broken = {each.item for each in failures if not is_skip(each)}
        before = ending.counted(job, task)
        every = packing.unpack_items(task.items)
        items = [item for item in every if item not in broken]
        kept = [each for each in failures if each.item not in broken]
        task.items, task.failures = packing.pack_items(items), packing.pack_failures(kept)
        task.item_count = 0 if task.stage == WALK else len(items)
        task.failed_items = 0
        task.save(update_fields=["items", "failures", "item_count", "failed_items"])
        ending.count(job, before.less())
        ending.count(job, ending.counted(job, task))
        # A walk's are folders beneath its own; the order of a task's items is kept.
        order = dict.fromkeys([*every, *(each.item for each in failures)])
        chaining.again_in(job, task, [item for item in order if item in broken])
    return len(ids)


_AT_ONCE = 100
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
