"""What a page compares: the same while nothing changed, another as soon as something did."""

from __future__ import annotations

import pytest

from lagan.hub.base.actors import NOBODY, SYSTEM, Actor
from lagan.hub.jobs import marks
from lagan.hub.jobs.ledger import DatabaseLedger
from lagan.hub.jobs.presence import note
from lagan.hub.jobs.services import TaskSpec, cancel, create_job, ensure_site, pause
from lagan.kit.errors import NotFound
from lagan.worker.ledger import Outcome, Progress, WorkerFacts

pytestmark = pytest.mark.django_db


def _job(by: Actor = SYSTEM) -> int:
    ensure_site(name="lab")
    specs = [TaskSpec("lab.copy", "lab", items=["a", "b"])]
    return create_job(kind="copy", title="Copy", by=by, tasks=specs).pk


def test_every_step_of_a_job_is_another_mark() -> None:
    job, ledger = _job(), DatabaseLedger()
    seen = [(marks.of_job(SYSTEM, job), marks.of_jobs(SYSTEM))]

    def looked() -> None:
        seen.append((marks.of_job(SYSTEM, job), marks.of_jobs(SYSTEM)))

    pause(job=job, by=SYSTEM)
    looked()
    other = _job()
    (claimed,) = ledger.claim(["lab"], "w1")
    assert claimed.job == other
    seen.append((marks.of_job(SYSTEM, other), marks.of_jobs(SYSTEM)))
    ledger.beat(claimed, Progress(1, 10))
    seen.append((marks.of_job(SYSTEM, other), marks.of_jobs(SYSTEM)))
    ledger.finish(claimed, Outcome(done=2))
    seen.append((marks.of_job(SYSTEM, other), marks.of_jobs(SYSTEM)))
    cancel(job=job, by=SYSTEM)
    looked()
    for which in (0, 1):
        digests = [marks.digest(each[which]) for each in seen]
        assert len(set(digests)) == len(digests)


def test_nothing_changed_is_the_same_mark() -> None:
    job = _job()
    assert marks.digest(marks.of_job(SYSTEM, job)) == marks.digest(marks.of_job(SYSTEM, job))
    assert marks.digest(marks.of_jobs(SYSTEM)) == marks.digest(marks.of_jobs(SYSTEM))


def test_what_one_may_not_see_has_no_mark_and_changes_none() -> None:
    before = marks.of_jobs(NOBODY)
    job = _job()
    assert marks.of_jobs(NOBODY) == before
    with pytest.raises(NotFound):
        marks.of_job(NOBODY, job)


def test_a_worker_that_comes_changes_the_mark_of_sites() -> None:
    ensure_site(name="lab")
    before = marks.of_sites(SYSTEM)
    note(WorkerFacts("w1", ["lab"]))
    assert marks.of_sites(SYSTEM) != before
