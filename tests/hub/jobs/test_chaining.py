"""Stages follow each other, walks' finds count when they end, and each path counts once."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import connection
from django.db.models.functions import Now

from lagan.hub.base.actors import SYSTEM
from lagan.hub.jobs.ledger import DatabaseLedger
from lagan.hub.jobs.models import Task
from lagan.hub.jobs.reconcile import reconcile
from lagan.hub.jobs.rules import MAX_AGAIN, MAX_LAPSES, WALK, JobState, TaskState
from lagan.hub.jobs.services import cancel, ensure_site
from lagan.worker.ledger import AGAIN, ALREADY, LeaseLost, Outcome
from tests.hub.jobs.workflow import begun, claim, finish, outcomes, run_out, sums, told

pytestmark = pytest.mark.django_db
LONG_AGO = Now() - timedelta(minutes=5)


def test_what_a_stage_did_goes_on_and_counts_at_the_last() -> None:
    job = begun()
    (first,) = claim()
    finish(first, ("/data/a", "failed.busy"))
    assert sums(job) == (3, 0, 0, 1)
    (second,) = claim()
    assert (second.step, second.items) == ("test.s1", ["/data/b", "/data/c"])
    finish(second)
    assert sums(job) == (3, 2, 0, 1)
    assert job.state == JobState.FAILURE
    assert outcomes(job) == {
        "/data/a": "failed.busy",
        "/data/b": "processed",
        "/data/c": "processed",
    }


@pytest.mark.parametrize(
    ("first", "second", "expected"),
    [
        (ALREADY, None, (1, 1, 0, 0)),
        (ALREADY, ALREADY, (1, 0, 1, 0)),
        (ALREADY, "failed", (1, 0, 0, 1)),
        (None, ALREADY, (1, 0, 1, 0)),
        (None, "skipped.link", (1, 0, 1, 0)),
        (None, "failed.gone", (1, 0, 0, 1)),
        ("skipped.link", "never", (1, 0, 1, 0)),
        ("failed.gone", "never", (1, 0, 0, 1)),
    ],
)
def test_a_path_counts_once(
    first: str | None, second: str | None, expected: tuple[int, int, int, int]
) -> None:
    job = begun(paths=["/data/a"])
    for category in (first, second):
        if category != "never":
            (task,) = claim()
            finish(task, *[("/data/a", category)] if category else [])
    assert claim() == []
    assert sums(job) == expected
    assert job.state == (JobState.FAILURE if expected[3] else JobState.SUCCESS)
    assert sum(job.categories.values()) == expected[2] + expected[3]


def test_a_worker_cannot_count_what_is_not_its_tasks() -> None:
    job = begun(stages=1)
    (task,) = claim()
    twice = told(("/data/a", "failed"), ("/data/a", "skipped"), ("/etc/passwd", "failed"))
    DatabaseLedger().finish(task, Outcome(done=99, failed=7, failures=twice))
    assert sums(job) == (3, 2, 1, 0)


def test_cancelled_between_stages_nothing_is_processed() -> None:
    job = begun()
    (first,) = claim()
    finish(first)
    cancel(job=job.pk, by=SYSTEM)
    assert sums(job) == (3, 0, 0, 0)
    assert job.state == JobState.CANCELLED
    assert set(outcomes(job).values()) == {"waiting.cancelled"}


def test_a_stage_that_ends_after_its_cancel_begins_nothing() -> None:
    job = begun()
    (first,) = claim()
    cancel(job=job.pk, by=SYSTEM)
    finish(first, ("/data/a", AGAIN + ".busy"))
    assert claim() == []
    assert sums(job) == (3, 0, 0, 1)
    assert (job.state, job.categories) == (JobState.CANCELLED, {"failed.busy": 1})


def test_a_cancelled_attempt_of_an_earlier_stage_counts_only_what_ended_there() -> None:
    job = begun()
    (first,) = claim()
    cancel(job=job.pk, by=SYSTEM)
    finish(first, ("/data/a", "failed"), ("/data/b", ALREADY), done=1, cancelled=True)
    assert sums(job) == (3, 0, 0, 1)
    assert job.state == JobState.CANCELLED


def test_a_cancelled_attempt_that_is_given_back_waits_no_more() -> None:
    job = begun()
    (first,) = claim()
    cancel(job=job.pk, by=SYSTEM)
    DatabaseLedger().release(first)
    job.refresh_from_db()
    assert job.state == JobState.CANCELLED


def test_what_a_walk_finds_is_work_when_it_has_ended() -> None:
    job = begun(paths=["/data"], discovery="recursive", stages=1)
    (walk,) = claim()
    ledger = DatabaseLedger()
    ledger.found(walk, ["/data/a", "/data/b"], 10)
    assert claim() == []
    assert sums(job)[0] == 0
    walks = [["/data/x"], ["/data/y", "/data/z"]]
    finish(walk, ("/data/locked", "failed.unreadable"), walks=walks)
    assert sums(job) == (3, 0, 0, 1)
    found = claim()
    assert [each.items for each in found] == [["/data/a", "/data/b"], *walks]
    assert [each.step for each in found] == ["test.s0", *["discover.recursive"] * 2]
    ledger.found(found[1], ["/data/x/c"], 1)
    for each in found:
        finish(each)
    assert sums(job)[0] == 4  # grows as walks end
    run_out()
    assert sums(job) == (4, 3, 0, 1)
    assert job.state == JobState.FAILURE
    assert set(outcomes(job)) == {"/data/a", "/data/b", "/data/x/c", "/data/locked"}


def test_what_a_dead_walk_found_is_found_again_once() -> None:
    job = begun(paths=["/data"], discovery="recursive", stages=1)
    ledger = DatabaseLedger()
    (walk,) = claim()
    ledger.found(walk, ["/data/a"], 1)
    Task.objects.filter(pk=walk.id).update(lease_until=LONG_AGO)
    reconcile()
    (again,) = claim()
    with pytest.raises(LeaseLost):
        ledger.found(walk, ["/data/b"], 1)
    ledger.found(again, ["/data/a"], 1)
    ledger.found(again, ["/data/b"], 1)
    finish(again)
    run_out()
    assert sums(job) == (2, 2, 0, 0)


def test_a_walk_that_fails_for_good_fails_its_folders() -> None:
    job = begun(paths=["/data", "/more"], discovery="recursive")
    ledger = DatabaseLedger()
    (walk,) = claim()
    ledger.found(walk, ["/data/a"], 1)
    ledger.fail(walk, "the disk \udcff is away", permanent=True)
    assert sums(job) == (2, 0, 0, 2)
    assert job.state == JobState.ERROR
    assert outcomes(job) == {"/data": "failed", "/more": "failed"}
    assert Task.objects.count() == 1


@pytest.mark.parametrize("how", ["cancelled", "given back and cancelled", "dead and cancelled"])
def test_what_a_cancelled_walk_found_is_forgotten(how: str) -> None:
    job = begun(paths=["/data"], discovery="recursive")
    ledger = DatabaseLedger()
    (walk,) = claim()
    ledger.found(walk, ["/data/a"], 1)
    if how == "given back and cancelled":
        ledger.release(walk)
    cancel(job=job.pk, by=SYSTEM)
    if how == "cancelled":
        finish(walk, cancelled=True)
    elif how == "dead and cancelled":
        Task.objects.filter(pk=walk.id).update(lease_until=LONG_AGO)
        reconcile()
    assert sums(job) == (0, 0, 0, 0)
    assert job.state == JobState.CANCELLED
    assert Task.objects.count() == 1


def test_a_walk_that_kills_its_workers_ends_with_nothing_found() -> None:
    job = begun(paths=["/data"], discovery="recursive")
    (walk,) = claim()
    DatabaseLedger().found(walk, ["/data/a"], 1)
    Task.objects.filter(pk=walk.id).update(lapses=MAX_LAPSES - 1, lease_until=LONG_AGO)
    reconcile()
    assert sums(job) == (1, 0, 0, 1)
    assert job.state == JobState.ERROR


def test_an_item_that_failed_in_passing_is_tried_again_beside_the_others() -> None:
    job = begun()
    (first,) = claim()
    finish(first, ("/data/a", AGAIN + ".busy"))
    assert sums(job) == (3, 0, 0, 0)
    (second,) = claim()
    assert second.items == ["/data/b", "/data/c"]
    later = Task.objects.get(state=TaskState.QUEUED)
    assert (later.stage, later.again, later.item_count) == (0, 1, 1)
    Task.objects.update(not_before=Now())
    finish(second)
    run_out()
    assert sums(job) == (3, 3, 0, 0)
    assert job.state == JobState.SUCCESS


def test_after_some_tries_it_counts_as_failed() -> None:
    job = begun(paths=["/data/a"])
    for tries in range(MAX_AGAIN + 1):
        Task.objects.update(not_before=Now())
        (task,) = claim()
        assert sums(job) == (1, 0, 0, 0), tries
        finish(task, ("/data/a", AGAIN + ".busy"))
    assert sums(job) == (1, 0, 0, 1)
    assert (job.state, job.categories) == (JobState.FAILURE, {"failed.busy": 1})
    assert outcomes(job, "failed.busy") == {"/data/a": "failed.busy"}


def test_a_folder_that_could_not_be_read_in_passing_is_walked_again() -> None:
    job = begun(paths=["/data", "/more"], discovery="recursive", stages=1)
    (walk,) = claim()
    finish(walk, ("/more", AGAIN))
    (again,) = Task.objects.filter(state=TaskState.QUEUED)
    assert (again.stage, again.again) == (WALK, 1)
    Task.objects.update(not_before=Now())
    (walk,) = claim()
    assert walk.items == ["/more"]
    finish(walk)
    assert sums(job) == (0, 0, 0, 0)
    assert job.state == JobState.SUCCESS


def test_paths_beneath_others_are_walked_once() -> None:
    begun(paths=["/data", "/data/a", "/more/", "/more", "/database"], discovery="recursive")
    (walk,) = claim()
    assert walk.items == ["/data", "/more/", "/database"]


def test_what_was_begun_goes_first_and_people_before_bulk(owner: object) -> None:
    bulk = begun(paths=["/bulk"], discovery="recursive")
    (walk,) = claim()
    DatabaseLedger().found(walk, ["/bulk/a"], 1)
    DatabaseLedger().found(walk, ["/bulk/b"], 1)
    finish(walk)
    (first,) = claim(1)
    finish(first)
    few = begun(by=owner)  # type: ignore[arg-type]
    assert [(each.job, each.step) for each in claim()] == [
        (few.pk, "test.s0"),
        (bulk.pk, "test.s1"),
        (bulk.pk, "test.s0"),
    ]


def test_names_of_any_bytes_go_through_all_stages() -> None:
    paths = ["/data/\udcff\n", "/data/a b", "/data/ü"]
    job = begun(paths=paths)
    run_out()
    assert sums(job) == (3, 3, 0, 0)
    assert list(outcomes(job)) == paths


def test_a_claim_reads_the_index_of_what_is_due() -> None:
    ensure_site(name="lab")
    job = begun(paths=[f"/data/{n}" for n in range(1000)], stages=1)
    (row,) = Task.objects.filter(job=job)[:1]
    Task.objects.bulk_create(
        Task(job=job, step="s", site_id="lab", not_before=row.not_before, items=b"x" * 200)
        for _ in range(2000)
    )
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE jobs_task")
    due = Task.objects.filter(site_id="lab", state=TaskState.QUEUED, not_before__lte=Now())
    plan = due.order_by("-priority", "id")[:4].explain()
    assert "task_due" in plan
    assert "Sort" not in plan  # as PostgreSQL
    assert "TEMP B-TREE" not in plan  # and SQLite say it
