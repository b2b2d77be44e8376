"""Trying again gives a path a second chance and never a second outcome."""

from __future__ import annotations

import pytest

from lagan.hub.base.actors import SYSTEM
from lagan.hub.jobs.ledger import DatabaseLedger
from lagan.hub.jobs.models import Task
from lagan.hub.jobs.rules import JobState
from lagan.hub.jobs.services import cancel, retry
from tests.hub.jobs.workflow import begun, claim, finish, outcomes, run_out, sums

pytestmark = pytest.mark.django_db


def test_only_failed_items_run_again_where_they_failed() -> None:
    job = begun(paths=["/data/a", "/data/b", "/data/c", "/data/d"])
    (first,) = claim()
    finish(first, ("/data/a", "failed.busy"), ("/data/d", "skipped.link"))
    (second,) = claim()
    finish(second, ("/data/b", "failed.gone"))
    assert sums(job) == (4, 1, 1, 2)

    retry(job=job.pk, by=SYSTEM)
    assert sums(job) == (4, 1, 1, 0)
    assert (job.state, job.categories) == (JobState.STARTED, {"skipped.link": 1})
    assert outcomes(job) == {
        "/data/a": "waiting",
        "/data/b": "waiting",
        "/data/c": "processed",
        "/data/d": "skipped.link",
    }
    tasks = claim()
    assert [(each.step, each.items) for each in tasks] == [
        ("test.s1", ["/data/b"]),
        ("test.s0", ["/data/a"]),
    ]
    for each in tasks:
        finish(each)
    run_out()
    assert sums(job) == (4, 3, 1, 0)
    assert job.state == JobState.SUCCESS


def test_what_fails_again_fails_once() -> None:
    job = begun(paths=["/data/a"], stages=1)
    for _ in range(3):
        (task,) = claim()
        finish(task, ("/data/a", "failed"))
        assert sums(job) == (1, 0, 0, 1)
        assert outcomes(job) == {"/data/a": "failed"}
        retry(job=job.pk, by=SYSTEM)
    run_out()
    assert sums(job) == (1, 1, 0, 0)


def test_a_task_that_could_not_be_run_runs_again_whole() -> None:
    job = begun()
    (first,) = claim()
    DatabaseLedger().fail(first, "gone", permanent=True)
    assert sums(job) == (3, 0, 0, 3)
    retry(job=job.pk, by=SYSTEM)
    assert sums(job) == (3, 0, 0, 0)
    run_out()
    assert sums(job) == (3, 3, 0, 0)


def test_a_cancelled_job_goes_on_where_it_was() -> None:
    job = begun()
    (first,) = claim()
    finish(first, ("/data/a", "failed"))
    (second,) = claim()
    cancel(job=job.pk, by=SYSTEM)
    finish(second, ("/data/b", "failed"), done=1, cancelled=True)
    assert sums(job) == (3, 1, 0, 2)
    assert outcomes(job)["/data/c"] == "processed"
    retry(job=job.pk, by=SYSTEM)
    assert sums(job) == (3, 1, 0, 0)
    assert sorted(each.items[0] for each in claim()) == ["/data/a", "/data/b"]


def test_folders_that_could_not_be_walked_are_walked_again() -> None:
    job = begun(paths=["/data", "/more"], discovery="recursive", stages=1)
    (walk,) = claim()
    DatabaseLedger().found(walk, ["/data/a"], 1)
    finish(walk, ("/data/locked", "failed.unreadable"), ("/more", "failed.missing"))
    run_out()
    assert sums(job) == (3, 1, 0, 2)
    retry(job=job.pk, by=SYSTEM)
    assert sums(job) == (1, 1, 0, 0)
    (walk,) = claim()
    assert walk.items == ["/data/locked", "/more"]
    DatabaseLedger().found(walk, ["/data/locked/b"], 1)
    finish(walk, ("/more", "failed.missing"))
    run_out()
    assert sums(job) == (3, 2, 0, 1)


def test_a_walk_that_failed_for_good_walks_again() -> None:
    job = begun(paths=["/data"], discovery="recursive", stages=1)
    (walk,) = claim()
    DatabaseLedger().fail(walk, "gone", permanent=True)
    retry(job=job.pk, by=SYSTEM)
    assert sums(job) == (0, 0, 0, 0)
    (walk,) = claim()
    DatabaseLedger().found(walk, ["/data/a"], 1)
    finish(walk)
    run_out()
    assert sums(job) == (1, 1, 0, 0)
    assert job.state == JobState.SUCCESS


def test_the_order_of_items_is_kept() -> None:
    paths = ["/data/z/1", "/data/z", "/data/b", "/data/a"]
    job = begun(paths=paths, stages=1)
    (task,) = claim()
    finish(task, *[(path, "failed") for path in sorted(paths)])
    retry(job=job.pk, by=SYSTEM)
    (task,) = claim()
    assert task.items == paths


def test_a_retry_of_a_success_of_a_workflow_changes_nothing() -> None:
    job = begun()
    run_out()
    assert retry(job=job.pk, by=SYSTEM).state == JobState.SUCCESS
    assert Task.objects.count() == 2
