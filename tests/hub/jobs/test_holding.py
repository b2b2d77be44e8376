"""A paused job begins nothing, and goes on where it was."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.db.models.functions import Now

from lagan.hub.audit.models import Event
from lagan.hub.base.actors import SYSTEM, Actor
from lagan.hub.jobs.errors import JobOver
from lagan.hub.jobs.ledger import DatabaseLedger
from lagan.hub.jobs.models import Job, Task
from lagan.hub.jobs.reconcile import reconcile
from lagan.hub.jobs.rules import JobState, TaskState
from lagan.hub.jobs.services import cancel, pause, resume, start
from lagan.kit.errors import NotFound
from lagan.worker.ledger import Claimed
from tests.hub.jobs.workflow import begun, claim, finish, run_out, submission, sums

pytestmark = pytest.mark.django_db


def _lapse(held: Claimed) -> None:
    Task.objects.filter(pk=held.id).update(lease_until=Now() - timedelta(minutes=5))
    reconcile()


def test_what_waits_is_held_and_what_runs_ends_its_batch() -> None:
    job = begun(paths=[f"/data/{n}" for n in range(1500)])
    (running,) = claim(1)
    assert pause(job=job.pk, by=SYSTEM).paused is not None
    assert claim() == []
    finish(running)
    assert claim() == []
    assert Task.objects.filter(state=TaskState.HELD).count() == 3
    assert resume(job=job.pk, by=SYSTEM).paused is None
    run_out()
    assert sums(job) == (1500, 1500, 0, 0)
    assert job.state == JobState.SUCCESS


@pytest.mark.parametrize(
    "back",
    [
        lambda held: DatabaseLedger().release(held),
        lambda held: DatabaseLedger().fail(held, "not now", permanent=False),
        _lapse,
    ],
)
def test_what_comes_back_is_held_too(back: Callable[[Claimed], None]) -> None:
    job = begun()
    (held,) = claim()
    pause(job=job.pk, by=SYSTEM)
    back(held)
    Task.objects.update(not_before=Now())
    assert claim() == []
    resume(job=job.pk, by=SYSTEM)
    run_out()
    assert sums(job) == (3, 3, 0, 0)


def test_more_work_for_a_paused_job_is_held(owner: Actor) -> None:
    job = begun(owner)
    pause(job=job.pk, by=owner)
    start(submission=submission(["/data/d"]), by=owner, job=job.pk)
    assert claim() == []
    assert sums(job)[0] == 4


def test_a_message_about_a_held_task_claims_nothing() -> None:
    job = begun()
    (task,) = Task.objects.all()
    Task.objects.update(published=Now())
    pause(job=job.pk, by=SYSTEM)
    assert DatabaseLedger().claim_hint(task.pk, 0, redelivered=False, worker="w") is None
    resume(job=job.pk, by=SYSTEM)
    task.refresh_from_db()
    assert task.published is None
    assert DatabaseLedger().claim_hint(task.pk, 0, redelivered=False, worker="w") is not None


def test_a_paused_job_can_be_cancelled() -> None:
    job = begun()
    pause(job=job.pk, by=SYSTEM)
    row = cancel(job=job.pk, by=SYSTEM)
    assert (row.state, row.paused) == (JobState.CANCELLED, None)


def test_pausing_twice_is_pausing_once_and_ended_jobs_are_over(job: Job) -> None:
    pause(job=job.pk, by=SYSTEM)
    pause(job=job.pk, by=SYSTEM)
    resume(job=job.pk, by=SYSTEM)
    resume(job=job.pk, by=SYSTEM)
    kinds = Event.objects.filter(kind__in=("job.paused", "job.resumed")).order_by("id")
    assert list(kinds.values_list("kind", flat=True)) == ["job.paused", "job.resumed"]
    cancel(job=job.pk, by=SYSTEM)
    for verb in (pause, resume):
        with pytest.raises(JobOver):
            verb(job=job.pk, by=SYSTEM)


def test_a_stranger_holds_nothing(job: Job, stranger: Actor) -> None:
    for verb in (pause, resume):
        with pytest.raises(NotFound):
            verb(job=job.pk, by=stranger)
