"""What the dead left is put right, and nothing else."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db.models.functions import Now

from lagan.hub.base.actors import SYSTEM
from lagan.hub.jobs.ledger import DatabaseLedger
from lagan.hub.jobs.models import Job, Task
from lagan.hub.jobs.reconcile import give_back_of, reconcile
from lagan.hub.jobs.rules import MAX_LAPSES, JobState, TaskState
from lagan.hub.jobs.services import cancel
from lagan.worker.ledger import LeaseLost, Outcome, Progress

LONG_AGO = Now() - timedelta(minutes=5)


def test_a_task_whose_lease_ran_out_goes_to_another(job: Job, ledger: DatabaseLedger) -> None:
    held, healthy = ledger.claim(["lab"], "w", 2)
    Task.objects.filter(pk=held.id).update(lease_until=LONG_AGO)
    assert reconcile() == 1
    (taken,) = ledger.claim(["lab"], "w2", 5)
    assert (taken.id, taken.attempt) == (held.id, 2)
    with pytest.raises(LeaseLost):
        ledger.beat(held, Progress())
    ledger.finish(healthy, Outcome(done=3))


def test_a_beat_keeps_the_lease(job: Job, ledger: DatabaseLedger) -> None:
    (held,) = ledger.claim(["lab"], "w")
    Task.objects.filter(pk=held.id).update(lease_until=LONG_AGO)
    ledger.beat(held, Progress(1))
    assert reconcile() == 0


def test_all_tasks_of_a_dead_worker_go_back_at_once(job: Job, ledger: DatabaseLedger) -> None:
    ledger.claim(["lab"], "dead")
    ledger.claim(["lab"], "alive")
    assert give_back_of(["dead"]) == 1
    assert Task.objects.get(state=TaskState.RUNNING).worker == "alive"
    assert Task.objects.get(state=TaskState.QUEUED).lapses == 1


def test_a_task_that_kills_its_workers_ends(job: Job, ledger: DatabaseLedger) -> None:
    ledger.finish(ledger.claim(["lab"], "w")[0], Outcome(done=3))
    ledger.claim(["lab"], "w")
    Task.objects.filter(state=TaskState.RUNNING).update(lapses=MAX_LAPSES - 1, lease_until=LONG_AGO)
    reconcile()
    job.refresh_from_db()
    assert (job.state, job.failed) == (JobState.ERROR, 3)
    assert "lease" in Task.objects.get(state=TaskState.FAILED).error


def test_a_cancelled_task_of_a_dead_worker_is_not_begun_again(
    job: Job, ledger: DatabaseLedger
) -> None:
    ledger.claim(["lab"], "dead")
    cancel(job=job.pk, by=SYSTEM)
    give_back_of(["dead"])
    job.refresh_from_db()
    assert job.state == JobState.CANCELLED
    assert ledger.claim(["lab"], "w", 5) == []


def test_a_message_that_vanished_is_forgotten(job: Job) -> None:
    first, second = Task.objects.order_by("id")
    Task.objects.filter(pk=first.pk).update(published=LONG_AGO)
    Task.objects.filter(pk=second.pk).update(published=Now())
    reconcile()
    assert list(Task.objects.filter(published=None)) == [first]
