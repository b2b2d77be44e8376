"""Puts right what the dead left: tasks whose lease ran out or whose worker is gone, and messages
that vanished."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from django.db import transaction
from django.db.models import F, Q, QuerySet
from django.db.models.functions import Now

from lagan.hub.jobs import ending
from lagan.hub.jobs.changes import announce
from lagan.hub.jobs.ledger import put_back
from lagan.hub.jobs.models import Job, Task
from lagan.hub.jobs.rules import MAX_LAPSES, TaskState

REPUBLISH_AFTER = timedelta(seconds=60)
"""A message about a task that still waits after this long is taken for lost; a doubled one does
no harm."""

_AT_ONCE = 500


def reconcile(*, republish_after: timedelta = REPUBLISH_AFTER) -> int:
    """Give back tasks whose lease ran out, forget messages that vanished; the number of tasks
    given back. Any number of processes may do this at once."""
    back = give_back(Q(lease_until__lt=Now()), "The worker did not answer within its lease.")
    _forget_messages(republish_after)
    return back


def give_back_of(workers: Sequence[str]) -> int:
    """Give back the tasks of workers that are known to be dead."""
    return give_back(Q(worker__in=list(workers)), "The worker is gone.")


def give_back(which: Q, reason: str) -> int:
    """Give back running tasks: to be tried again, or ended when they were cancelled or have lost
    too many workers."""
    ended = Q(cancel=True) | Q(lapses__gte=MAX_LAPSES - 1)
    back = 0
    while count := _put_back_some(_running(which).exclude(ended)):
        back += count
    for task, job in list(_running(which).filter(ended).values_list("pk", "job_id")):
        _end(task, job, which, reason)
    return back


def _running(which: Q) -> QuerySet[Task]:
    return Task.objects.filter(which, state=TaskState.RUNNING)


def _put_back_some(tasks: QuerySet[Task]) -> int:
    jobs = sorted(set(tasks.values_list("job_id", flat=True)[:_AT_ONCE]))
    if not jobs:
        return 0
    with transaction.atomic():
        held = {job.pk for job in _lock_jobs(jobs) if job.paused}
        # Only rows that nobody else is changing: no waiting for them.
        chosen = tasks.filter(job__in=jobs).select_for_update(skip_locked=True, no_key=True)
        ids = list(chosen.order_by("pk").values_list("pk", flat=True)[:_AT_ONCE])
        rows = Task.objects.filter(pk__in=ids)
        lapsed = {"lapses": F("lapses") + 1}
        count = put_back(rows.filter(job__in=held), state=TaskState.HELD, **lapsed)
        count += put_back(rows.exclude(job__in=held), **lapsed)
        announce()
    return count


def _lock_jobs(ids: list[int]) -> list[Job]:
    """Jobs come before tasks in the order of locks, and by their numbers."""
    rows = Job.objects.select_for_update(no_key=True).filter(pk__in=ids).order_by("pk")
    return list(rows.only("pk", "paused"))


def _end(task: int, job_id: int, which: Q, reason: str) -> None:
    """End a task that is to be cancelled or has lost too many workers, if it still is so."""
    with transaction.atomic():
        job = ending.lock(job_id)
        row = _running(which).select_for_update(no_key=True).filter(pk=task).first()
        if row is None:
            return
        if row.cancel:
            ending.cancel_tasks(Task.objects.filter(pk=task), reason)
        elif row.lapses >= MAX_LAPSES - 1:
            ending.fail_task(job, row, reason)
        ending.end_if_over(job)
        announce()


def _forget_messages(older_than: timedelta) -> None:
    lost = Task.objects.filter(state=TaskState.QUEUED, published__lt=Now() - older_than)
    if not lost.exists():
        return
    with transaction.atomic():
        chosen = lost.select_for_update(skip_locked=True, no_key=True).order_by("pk")
        ids = list(chosen.values_list("pk", flat=True)[:_AT_ONCE])
        Task.objects.filter(pk__in=ids).update(published=None)
