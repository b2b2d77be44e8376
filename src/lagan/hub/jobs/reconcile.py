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
from lagan.hub.jobs.models import Task
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
    for task, job, cancelled in list(
        _running(which).filter(ended).values_list("pk", "job_id", "cancel")
    ):
        _end(task, job, cancelled, which, reason)
    return back


def _running(which: Q) -> QuerySet[Task]:
    return Task.objects.filter(which, state=TaskState.RUNNING)


def _put_back_some(tasks: QuerySet[Task]) -> int:
    if not tasks.exists():
        return 0
    with transaction.atomic():
        # Only rows that nobody else is changing: no waiting, so no deadlock with a cancel of the
        # whole job.
        chosen = tasks.select_for_update(skip_locked=True, no_key=True).order_by("pk")
        ids = list(chosen.values_list("pk", flat=True)[:_AT_ONCE])
        count = put_back(Task.objects.filter(pk__in=ids), lapses=F("lapses") + 1)
        announce()
    return count


def _end(task: int, job_id: int, cancelled: bool, which: Q, reason: str) -> None:
    with transaction.atomic():
        job = ending.lock(job_id)
        state = TaskState.CANCELLED if cancelled else TaskState.FAILED
        if ending.close_tasks(
            job, _running(which).filter(pk=task, cancel=cancelled), state, reason
        ):
            ending.end_if_over(job)


def _forget_messages(older_than: timedelta) -> None:
    lost = Task.objects.filter(state=TaskState.QUEUED, published__lt=Now() - older_than)
    if not lost.exists():
        return
    with transaction.atomic():
        chosen = lost.select_for_update(skip_locked=True, no_key=True).order_by("pk")
        ids = list(chosen.values_list("pk", flat=True)[:_AT_ONCE])
        Task.objects.filter(pk__in=ids).update(published=None)
