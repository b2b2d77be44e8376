"""Who waits for tasks hears of them when they are committed, not before."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connections, transaction

from lagan.hub.base.actors import SYSTEM
from lagan.hub.jobs.changes import DatabaseWaker
from lagan.hub.jobs.ledger import DatabaseLedger
from lagan.hub.jobs.models import Job
from lagan.hub.jobs.services import TaskSpec, create_job, ensure_site

pytestmark = pytest.mark.django_db(transaction=True)


def test_a_waiting_thread_hears_of_a_commit_and_of_no_rollback() -> None:
    ensure_site(name="lab")
    waker = DatabaseWaker()
    with ThreadPoolExecutor(1) as other:
        while other.submit(waker.wait, 0.05).result():
            pass  # whatever happened before
        with transaction.atomic():
            create_job(kind="k", title="t", by=SYSTEM, tasks=[TaskSpec("s", "lab")])
            transaction.set_rollback(True)
        assert other.submit(waker.wait, 0.1).result() is False
        waiting = other.submit(waker.wait, 200)
        before = time.monotonic()
        create_job(kind="k", title="t", by=SYSTEM, tasks=[TaskSpec("s", "lab")])
        assert waiting.result() is True
        assert time.monotonic() - before < 100
        other.submit(connections.close_all).result()


def test_claims_at_the_same_instant_take_each_task_once_and_keep_the_limit() -> None:
    ensure_site(name="lab", limit=5)
    create_job(kind="k", title="t", by=SYSTEM, tasks=[TaskSpec("s", "lab") for _ in range(40)])
    ledger = DatabaseLedger()

    def claim(number: int) -> list[int]:
        taken = [each.id for each in ledger.claim(["lab"], f"w{number}", 2)]
        ledger.leave()
        return taken

    with ThreadPoolExecutor(8) as crowd:
        taken = [id for each in crowd.map(claim, range(16)) for id in each]
    assert len(taken) == len(set(taken)) == 5


def test_a_job_that_is_asked_for_twice_at_the_same_instant_is_one() -> None:
    ensure_site(name="lab")

    def ask(_: int) -> int:
        job = create_job(kind="k", title="t", by=SYSTEM, tasks=[TaskSpec("s", "lab")], key="once")
        connections.close_all()
        return job.pk

    with ThreadPoolExecutor(4) as crowd:
        assert len(set(crowd.map(ask, range(8)))) == 1
    assert Job.objects.get().tasks.count() == 1
