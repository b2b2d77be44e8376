"""What became of each path is told in bounded pages, to those who may see the job."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from lagan.hub.base.actors import SYSTEM, Actor
from lagan.hub.jobs import queries
from lagan.hub.jobs.ledger import DatabaseLedger
from lagan.hub.jobs.models import Job
from lagan.hub.jobs.services import pause
from lagan.kit.errors import BadInput, NotFound
from lagan.worker.ledger import ALREADY, Progress
from tests.hub.jobs.workflow import begun, claim, finish, outcomes, sums

pytestmark = pytest.mark.django_db
PATHS = [f"/data/{n:03d}" for n in range(8)]


@pytest.fixture
def running(db: None) -> Job:
    """A job of two stages with a path in every state."""
    job = begun(paths=PATHS[:4], stages=2)
    (first,) = claim()
    finish(first, (PATHS[0], "failed.busy"), (PATHS[1], "skipped.link"), (PATHS[2], ALREADY))
    (second,) = claim()
    finish(second, (PATHS[3], ALREADY))
    return job


def test_each_path_is_told_once_by_the_task_that_decides_it(running: Job) -> None:
    assert outcomes(running, size=1) == {
        PATHS[0]: "failed.busy",
        PATHS[1]: "skipped.link",
        PATHS[2]: "processed",
        PATHS[3]: ALREADY,
    }
    assert outcomes(running, "skipped") == {PATHS[1]: "skipped.link", PATHS[3]: ALREADY}
    assert outcomes(running, "failed.busy") == {PATHS[0]: "failed.busy"}
    assert outcomes(running, "failed.gone") == {}


def test_what_waits_and_runs_is_told_too() -> None:
    job = begun(paths=[f"/data/{n}" for n in range(1000)], stages=1)
    claim(1)
    assert len(outcomes(job, "running", size=300)) == 500
    assert len(outcomes(job, "waiting", size=300)) == 500
    pause(job=job.pk, by=SYSTEM)
    assert len(outcomes(job, "waiting", size=300)) == 500
    assert len(outcomes(job, size=999)) == 1000


def test_counts_go_by_state_and_by_reason(running: Job) -> None:
    assert queries.categories(SYSTEM, running.pk) == {
        "processed": 1,
        "skipped": 2,
        "failed": 1,
        "waiting": 0,
        "running": 0,
        "failed.busy": 1,
        "skipped.link": 1,
        ALREADY: 1,
    }
    job = begun(paths=[f"/data/{n}" for n in range(700)])
    claim(1)
    counted = queries.categories(SYSTEM, job.pk)
    assert (counted["waiting"], counted["running"]) == (200, 500)


def test_a_page_reads_about_as_much_as_it_shows() -> None:
    job = begun(paths=[f"/data/{n}" for n in range(30_000)], stages=1)
    with CaptureQueriesContext(connection) as few:
        queries.item_outcomes(SYSTEM, job.pk, size=50)
    assert len(few) <= 3
    for task in claim():
        finish(task)
    assert outcomes(job, "failed", size=50) == {}


def test_odd_questions_are_refused(running: Job, stranger: Actor) -> None:
    for category, after in (("lost", None), (None, "x"), (None, "1"), (None, "9" * 40 + ".0")):
        with pytest.raises(BadInput):
            queries.item_outcomes(SYSTEM, running.pk, category, after)
    with pytest.raises(NotFound):
        queries.item_outcomes(stranger, running.pk)
    with pytest.raises(NotFound):
        queries.categories(stranger, running.pk)


def test_progress_is_of_the_last_stage_and_walks_are_counted() -> None:
    job = begun(paths=["/data"], discovery="recursive")
    (walk,) = claim()
    ledger = DatabaseLedger()
    ledger.beat(walk, Progress(700, 0))
    row = queries.job(SYSTEM, job.pk)
    assert (row.processed, row.walks, row.walking) == (0, 1, True)
    ledger.found(walk, PATHS, 8)
    finish(walk)
    (first,) = claim()
    ledger.beat(first, Progress(5, 50))
    row = queries.job(SYSTEM, job.pk)
    assert (row.total, row.processed, row.bytes, row.walking) == (8, 0, 50, False)
    finish(first)
    (second,) = claim()
    ledger.beat(second, Progress(5, 50))
    assert queries.job(SYSTEM, job.pk).processed == 5
    finish(second)
    assert sums(job) == (8, 8, 0, 0)


def test_one_task_is_seen_by_those_who_see_its_job(stranger: Actor) -> None:
    begun(paths=["/data"], discovery="recursive")
    (walk,) = claim()
    assert (queries.task(SYSTEM, walk.id).stage, queries.task(SYSTEM, walk.id).job) == (
        -1,
        walk.job,
    )
    for by, id in ((stranger, walk.id), (SYSTEM, 10**12)):
        with pytest.raises(NotFound):
            queries.task(by, id)
