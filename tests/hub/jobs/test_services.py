"""Asking for work, taking it back, trying it again."""

from __future__ import annotations

import tracemalloc
from collections.abc import Iterator

import pytest
from django.db.models.functions import Now

from lagan.hub.audit.models import Event
from lagan.hub.base.actors import SYSTEM, Actor
from lagan.hub.jobs import rows
from lagan.hub.jobs.errors import JobNotOver, JobOver, NoSuchSite
from lagan.hub.jobs.ledger import DatabaseLedger
from lagan.hub.jobs.models import Job, Site, Task
from lagan.hub.jobs.rules import JobState, TaskState
from lagan.hub.jobs.services import TaskSpec, cancel, create_job, ensure_site, retry
from lagan.kit.errors import NotFound
from lagan.worker.ledger import ItemFailure, Outcome

pytestmark = pytest.mark.django_db


def _kinds() -> list[str]:
    return list(Event.objects.order_by("id").values_list("kind", flat=True))


def test_a_job_and_its_tasks_are_there_together(job: Job, owner: Actor) -> None:
    assert (job.state, job.total, job.created_by) == (JobState.PENDING, 6, owner.entity)
    assert Task.objects.filter(job=job, item_count=3).count() == 2
    assert _kinds() == ["job.created"]


def test_a_key_makes_one_job_however_often_it_is_asked_for(site: Site) -> None:
    first = create_job(kind="k", title="t", by=SYSTEM, tasks=[TaskSpec("s", "lab")], key="night")
    again = create_job(kind="k", title="t", by=SYSTEM, tasks=_unread(), key="night")
    assert again.pk == first.pk
    assert Task.objects.count() == 1
    assert _kinds() == ["job.created"]


def test_a_job_for_an_unknown_site_is_refused_and_leaves_nothing(db: None) -> None:
    specs = [TaskSpec("s", "hub"), TaskSpec("s", "atlantis")]
    with pytest.raises(NoSuchSite, match="atlantis"):
        create_job(kind="k", title="t", by=SYSTEM, tasks=specs)
    assert not Job.objects.exists()
    assert not Event.objects.exists()


def test_a_job_without_tasks_is_over_at_once(db: None) -> None:
    job = create_job(kind="k", title="t", by=SYSTEM, tasks=[])
    assert job.state == JobState.SUCCESS
    assert _kinds() == ["job.created", "job.finished"]


def test_making_a_large_job_takes_memory_for_a_part_of_it(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rows, "_AT_ONCE", 20)

    def specs(count: int) -> Iterator[TaskSpec]:
        for task in range(count):
            yield TaskSpec("s", "lab", items=[f"/data/{task}/{n}" for n in range(500)])

    _peak_of(specs(20))
    small, large = (_peak_of(specs(count)) for count in (60, 400))
    assert large < 1.5 * small


def test_cancel_takes_back_what_waits_and_asks_what_runs(
    job: Job, ledger: DatabaseLedger, owner: Actor
) -> None:
    (held,) = ledger.claim(["lab"], "w")
    assert cancel(job=job.pk, by=owner).state == JobState.STARTED
    assert Task.objects.get(state=TaskState.RUNNING).cancel
    ledger.finish(held, Outcome(done=1, cancelled=True))
    job.refresh_from_db()
    assert (job.state, job.processed) == (JobState.CANCELLED, 1)
    with pytest.raises(JobOver):
        cancel(job=job.pk, by=owner)


def test_a_job_that_nobody_runs_ends_with_its_cancel(job: Job, owner: Actor) -> None:
    assert cancel(job=job.pk, by=owner).state == JobState.CANCELLED
    assert _kinds()[0] == "job.created"
    assert set(_kinds()[1:]) == {"job.cancelled", "job.failed"}


def test_a_stranger_learns_of_no_job_that_is_not_its_own(job: Job, stranger: Actor) -> None:
    for verb in (cancel, retry):
        with pytest.raises(NotFound):
            verb(job=job.pk, by=stranger)


def test_a_retry_runs_what_failed_and_counts_it_anew(
    job: Job, ledger: DatabaseLedger, owner: Actor
) -> None:
    with pytest.raises(JobNotOver):
        retry(job=job.pk, by=owner)
    first, second = ledger.claim(["lab"], "w", 2)
    failures = [ItemFailure("a/0", "failed", "locked")]
    ledger.finish(first, Outcome(done=2, failed=1, bytes=9, failures=failures))
    ledger.fail(second, "gone", permanent=True)
    job.refresh_from_db()
    assert (job.state, job.processed, job.failed) == (JobState.ERROR, 2, 4)

    again = retry(job=job.pk, by=owner)
    sums = (again.total, again.processed, again.failed, again.bytes)
    assert (again.state, *sums) == (JobState.STARTED, 6, 0, 0, 0)
    for held in ledger.claim(["lab"], "w", 2):
        assert held.attempt == 2
        ledger.finish(held, Outcome(done=3))
    job.refresh_from_db()
    assert (job.state, job.processed, job.failed) == (JobState.SUCCESS, 6, 0)


def test_a_retry_of_a_success_changes_nothing(
    job: Job, ledger: DatabaseLedger, owner: Actor
) -> None:
    for held in ledger.claim(["lab"], "w", 2):
        ledger.finish(held, Outcome(done=3))
    assert retry(job=job.pk, by=owner).state == JobState.SUCCESS
    assert not Task.objects.filter(state=TaskState.QUEUED, not_before__lte=Now()).exists()


def test_a_site_is_made_once_and_changed_by_what_is_given(db: None) -> None:
    assert ensure_site(name="lab", title="Laboratory", limit=2).limit == 2
    site = ensure_site(name="lab")
    assert (site.title, site.limit) == ("Laboratory", 2)


def _unread() -> Iterator[TaskSpec]:
    raise AssertionError("the tasks were looked at")
    yield


def _peak_of(specs: Iterator[TaskSpec]) -> int:
    tracemalloc.start()
    create_job(kind="k", title="t", by=SYSTEM, tasks=specs)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    return peak
