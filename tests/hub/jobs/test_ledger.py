"""Who holds a task, and that nobody else can change it."""

from __future__ import annotations

import pytest
from django.db.models.functions import Now

from lagan.hub.base.actors import SYSTEM
from lagan.hub.jobs.ledger import DatabaseLedger
from lagan.hub.jobs.models import Job, Site, Task
from lagan.hub.jobs.rules import MAX_ERRORS, JobState, TaskState
from lagan.hub.jobs.services import TaskSpec, cancel, create_job
from lagan.worker.ledger import ItemFailure, LeaseLost, Outcome, Progress, SiteFull


def test_a_claimed_task_brings_its_items_and_is_claimed_once(
    job: Job, ledger: DatabaseLedger
) -> None:
    first, second = ledger.claim(["lab"], "w", 5)
    assert [first.items, second.items] == [["a/0", "a/1", "a/2"], ["b/0", "b/1", "b/2"]]
    assert first.attempt == 1
    assert ledger.claim(["lab"], "w") == []
    job.refresh_from_db()
    assert job.state == JobState.STARTED
    assert job.started is not None


def test_a_site_never_runs_more_than_its_limit(site: Site, ledger: DatabaseLedger) -> None:
    create_job(kind="k", title="t", by=SYSTEM, tasks=[TaskSpec("s", "lab") for _ in range(5)])
    held = ledger.claim(["lab"], "w", 9)
    assert len(held) == 3
    waiting = Task.objects.filter(state=TaskState.QUEUED).first()
    assert waiting is not None
    with pytest.raises(SiteFull):
        ledger.claim_hint(waiting.pk, 0, redelivered=False, worker="w")
    ledger.finish(held[0], Outcome())
    assert len(ledger.claim(["lab"], "w", 9)) == 1


def test_urgent_tasks_go_first(site: Site, ledger: DatabaseLedger) -> None:
    specs = [
        TaskSpec(name, "lab", priority=priority)
        for name, priority in (("bulk", 0), ("user", 5), ("idle", -1))
    ]
    create_job(kind="k", title="t", by=SYSTEM, tasks=specs)
    assert [each.step for each in ledger.claim(["lab"], "w", 3)] == ["user", "bulk", "idle"]


def test_a_task_that_is_not_due_waits(job: Job, ledger: DatabaseLedger) -> None:
    (held,) = ledger.claim(["lab"], "w")
    ledger.fail(held, "the disk is away", permanent=False)
    row = Task.objects.get(pk=held.id)
    assert row.state == TaskState.QUEUED
    assert row.error == "the disk is away"
    assert [each.id for each in ledger.claim(["lab"], "w", 5)] != [held.id]
    Task.objects.filter(pk=held.id).update(not_before=Now())
    (again,) = ledger.claim(["lab"], "w")
    assert (again.id, again.attempt) == (held.id, 2)


def test_an_attempt_that_lost_its_task_can_do_nothing_to_it(
    job: Job, ledger: DatabaseLedger
) -> None:
    (old,) = ledger.claim(["lab"], "w")
    ledger.release(old)
    new = next(each for each in ledger.claim(["lab"], "w2", 2) if each.id == old.id)
    for act in (
        lambda: ledger.finish(old, Outcome(done=3)),
        lambda: ledger.fail(old, "late", permanent=True),
        lambda: ledger.beat(old, Progress(1)),
        lambda: ledger.release(old),
    ):
        with pytest.raises(LeaseLost):
            act()
    ledger.finish(new, Outcome(done=3))
    with pytest.raises(LeaseLost):
        ledger.finish(new, Outcome(done=3))
    job.refresh_from_db()
    assert job.processed == 3


def test_a_job_ends_with_its_last_task_and_sums_what_they_did(
    job: Job, ledger: DatabaseLedger
) -> None:
    first, second = ledger.claim(["lab"], "w", 2)
    ledger.finish(
        first,
        Outcome(done=2, skipped=1, bytes=10, failures=[ItemFailure("a/0", "skipped", "same")]),
    )
    job.refresh_from_db()
    assert job.state == JobState.STARTED
    ledger.finish(
        second, Outcome(done=2, failed=1, failures=[ItemFailure("b/0", "failed", "gone")])
    )
    job.refresh_from_db()
    assert job.state == JobState.FAILURE
    assert job.finished is not None
    assert (job.total, job.processed, job.skipped, job.failed, job.bytes) == (6, 4, 1, 1, 10)


def test_a_task_that_fails_too_often_fails_its_job(job: Job, ledger: DatabaseLedger) -> None:
    ledger.finish(ledger.claim(["lab"], "w")[0], Outcome(done=3))
    for _ in range(MAX_ERRORS):
        Task.objects.update(not_before=Now())
        ledger.fail(ledger.claim(["lab"], "w")[0], "again", permanent=False)
    job.refresh_from_db()
    assert (job.state, job.processed, job.failed) == (JobState.ERROR, 3, 3)


def test_a_message_is_believed_only_while_it_is_true(job: Job, ledger: DatabaseLedger) -> None:
    task = Task.objects.order_by("id")[0]
    held = ledger.claim_hint(task.pk, 0, redelivered=False, worker="w")
    assert held is not None
    assert held.attempt == 1
    assert ledger.claim_hint(task.pk, 0, redelivered=False, worker="w2") is None
    taken_over = ledger.claim_hint(task.pk, 0, redelivered=True, worker="w2")
    assert taken_over is not None
    assert taken_over.attempt == 2
    with pytest.raises(LeaseLost):
        ledger.finish(held, Outcome())
    ledger.finish(taken_over, Outcome(done=3))
    assert ledger.claim_hint(task.pk, 0, redelivered=True, worker="w") is None
    assert ledger.claim_hint(10**9, 0, redelivered=False, worker="w") is None


def test_a_running_task_learns_of_its_cancel_by_its_beat(job: Job, ledger: DatabaseLedger) -> None:
    (held,) = ledger.claim(["lab"], "w")
    assert ledger.beat(held, Progress(1, 7)) is False
    cancel(job=job.pk, by=SYSTEM)
    assert ledger.claim(["lab"], "w") == []
    assert ledger.beat(held, Progress(2, 9)) is True
    ledger.finish(held, Outcome(done=2, cancelled=True))
    job.refresh_from_db()
    assert (job.state, job.processed) == (JobState.CANCELLED, 2)
