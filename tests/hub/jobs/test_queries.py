"""What is shown of jobs, and to whom."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from lagan.hub.base.actors import NOBODY, SYSTEM, Actor
from lagan.hub.jobs import paging, queries
from lagan.hub.jobs.ledger import DatabaseLedger
from lagan.hub.jobs.listing import JobFilter
from lagan.hub.jobs.models import Job, Site
from lagan.hub.jobs.rules import JobState
from lagan.hub.jobs.services import TaskSpec, create_job
from lagan.kit.errors import BadInput, NotFound
from lagan.worker.ledger import ItemFailure, Outcome, Progress, WorkerFacts
from tests.hub.jobs.workflow import begun

pytestmark = pytest.mark.django_db


def test_everybody_sees_their_own_jobs_and_the_system_all(
    job: Job, owner: Actor, stranger: Actor
) -> None:
    other = create_job(kind="k", title="Other", by=stranger, tasks=[])
    assert [row.id for row in queries.visible(owner).items] == [job.pk]
    assert [row.id for row in queries.visible(stranger).items] == [other.pk]
    assert [row.id for row in queries.visible(SYSTEM).items] == [other.pk, job.pk]
    assert queries.visible(NOBODY).items == []


@pytest.mark.parametrize("read", [queries.job, queries.tasks, queries.failures])
def test_what_is_not_yours_looks_absent(job: Job, stranger: Actor, read: object) -> None:
    assert callable(read)
    with pytest.raises(NotFound):
        read(stranger, job.pk)
    with pytest.raises(NotFound):
        read(SYSTEM, 10**12)


def test_the_progress_of_running_tasks_shows(
    job: Job, ledger: DatabaseLedger, owner: Actor
) -> None:
    first, second = ledger.claim(["lab"], "w", 2)
    ledger.finish(first, Outcome(done=2, failed=1, bytes=7))
    ledger.beat(second, Progress(1, 5))
    row = queries.job(owner, job.pk)
    assert (row.processed, row.failed, row.bytes) == (3, 1, 12)
    assert row.fraction == pytest.approx(4 / 6)


def test_pages_go_by_key_and_cost_the_same_number_of_queries(site: Site, owner: Actor) -> None:
    made = [
        create_job(kind="k", title=str(n), by=owner, tasks=[TaskSpec("s", "lab")]).pk
        for n in range(5)
    ]
    with CaptureQueriesContext(connection) as few:
        page = queries.visible(owner, size=2)
    with CaptureQueriesContext(connection) as many:
        rest = queries.visible(owner, after=page.next, size=10)
    assert [row.id for row in [*page.items, *rest.items]] == made[::-1]
    assert rest.next is None
    assert len(few) == len(many)


def test_lists_of_workflows_jobs_cost_the_same_however_many_there_are(owner: Actor) -> None:
    def read() -> int:
        with CaptureQueriesContext(connection) as done:
            queries.visible(SYSTEM)
            paging.page(SYSTEM, JobFilter(), "kind", 1, 50)
        return len(done)

    begun(owner)
    few = read()
    for _ in range(5):
        begun(owner)
    assert read() == few


def test_a_list_may_be_of_one_state_that_there_is(job: Job, owner: Actor) -> None:
    assert len(queries.visible(owner, state=JobState.PENDING).items) == 1
    assert queries.visible(owner, state=JobState.SUCCESS).items == []
    with pytest.raises(BadInput, match="ASLEEP"):
        queries.visible(owner, state="ASLEEP")


def test_every_item_that_was_not_done_is_told_with_its_reason(
    job: Job, ledger: DatabaseLedger, owner: Actor
) -> None:
    first, second = ledger.claim(["lab"], "w", 2)
    failures = [ItemFailure("a/0", "failed", "locked"), ItemFailure("a/1", "skipped", "same")]
    ledger.finish(first, Outcome(done=1, failed=1, skipped=1, failures=failures))
    ledger.fail(second, "the disk died", permanent=True)
    told = queries.failures(owner, job.pk)
    lost = [ItemFailure(f"b/{n}", "failed", "the disk died") for n in range(3)]
    assert told.items == failures + lost
    states = [(row.state, row.error) for row in queries.tasks(owner, job.pk).items]
    assert states == [("done", ""), ("failed", "the disk died")]


def test_sites_say_when_they_were_last_served(site: Site, ledger: DatabaseLedger) -> None:
    (row,) = queries.sites()
    assert (row.name, row.limit, row.seen) == ("lab", 3, None)
    ledger.present(WorkerFacts("w", ["lab"]))
    (row,) = queries.sites()
    assert row.seen is not None
