"""The documented list of jobs and a job by itself, under the documented names."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from lagan.hub.jobs.ledger import DatabaseLedger
from lagan.hub.jobs.models import Job
from lagan.hub.jobs.rules import WALK
from lagan.hub.jobs.services import Stage, Submission, TaskSpec, create_job, start
from lagan.worker.ledger import Outcome, Progress
from tests.hub.jobs.api.asking import Town

pytestmark = pytest.mark.django_db

LISTED = {
    "created", "dir_walk_complete", "id", "jobtype", "num_dir_tasks", "numfailedfiles", "numfiles",
    "numprocessedfiles", "numskippedfiles", "owner", "site", "state", "url",
}  # fmt: skip


def make(town: Town, kind: str = "copy", discovery: str | None = None, site: str = "lab") -> Job:
    paths, stages = ["/data/a", "/data/\udcff"], [Stage("hsm.recall", site)]
    submission = Submission(kind, kind.title(), site, paths, stages, discovery)
    return start(submission=submission, by=town.owner.actor)


def test_a_job_has_the_documented_fields(town: Town) -> None:
    job = make(town, discovery="recursive")
    page = town.owner.get("jobs/")
    assert {"count", "next", "previous", "results", "stats"} == set(page)
    (listed,) = page["results"]
    assert set(listed) == LISTED
    assert listed["url"] == f"http://testserver/api/jobs/{job.pk}/"
    assert (listed["jobtype"], listed["owner"], listed["site"]) == ("copy", "owner", "lab")
    assert (listed["num_dir_tasks"], listed["dir_walk_complete"]) == (1, False)
    whole = town.owner.get(f"jobs/{job.pk}/")
    assert whole == {**listed, "discovery": "recursive", "paths": ["/data/a", "/data/\udcff"]}
    assert town.owner.get("jobs/recent/")["results"] == [whole]


def test_a_walk_that_ended_is_complete(town: Town) -> None:
    job = make(town, discovery="recursive")
    ledger = DatabaseLedger()
    (walk,) = ledger.claim(["lab"], "w")
    ledger.found(walk, ["/data/a"], 1)
    ledger.finish(walk, Outcome())
    shown = town.owner.get(f"jobs/{job.pk}/")
    assert (shown["numfiles"], shown["num_dir_tasks"], shown["dir_walk_complete"]) == (1, 1, True)
    assert WALK == -1


def test_numbers_move_while_a_task_runs(town: Town, their_job: Job) -> None:
    ledger = DatabaseLedger()
    held, _ = ledger.claim(["lab"], "w", 2)
    ledger.beat(held, Progress(done=1))
    (listed,) = town.owner.get("jobs/")["results"]
    assert (listed["state"], listed["numfiles"], listed["numprocessedfiles"]) == ("STARTED", 3, 1)


def test_the_newest_comes_first_and_recent_are_five(town: Town) -> None:
    made = [make(town).pk for _ in range(7)]
    assert [each["id"] for each in town.owner.get("jobs/")["results"]] == made[::-1]
    assert [each["id"] for each in town.owner.get("jobs/recent/")["results"]] == made[:1:-1]


@pytest.mark.parametrize(
    ("size", "rows"), [("", 20), ("5", 20), ("x", 20), ("30", 30), ("0", 105), ("1000", 100)]
)
def test_pages_are_of_the_documented_sizes(town: Town, size: str, rows: int) -> None:
    by = town.owner.actor
    for _ in range(105):
        create_job(kind="copy", title="Copy", by=by, tasks=[])
    page = town.owner.get(f"jobs/?page_size={size}")
    assert (page["count"], len(page["results"]), page["previous"]) == (105, rows, None)
    if rows < 105:
        assert page["next"] == f"http://testserver/api/jobs/?page_size={size}&page=2"
    assert town.owner.ask("GET", "jobs/?page=99").status_code == 404


def test_jobs_are_filtered_and_counted(town: Town) -> None:
    make(town, "migrate")
    make(town, "recall")
    over = make(town, "recall")
    Job.objects.filter(pk=over.pk).update(
        state="SUCCESS", created=timezone.now() - timedelta(days=40)
    )
    create_job(kind="copy", title="Copy", by=town.admin.actor, tasks=[TaskSpec("s", "lab")])

    def found(query: str) -> int:
        return int(town.admin.get(f"jobs/?{query}")["count"])

    assert found("jobtype=recall") == 2
    assert found("jobtype=recall&state=SUCCESS") == 1
    assert found("owner=owner") == 3
    assert found("owner=nobody") == found("owner=%00") == 0
    assert found("site=lab") == 3
    assert found("created=today") == 3
    assert found("created=7d") == 3
    assert found("created=null") == found("created=") == 4
    stats = town.admin.get("jobs/?owner=owner")["stats"]
    assert stats["type"]["recall"] == 2
    assert stats["state"]["SUCCESS"] == 1
    assert sum(stats["created"].values()) == 3
    assert stats["site"] == {"lab": 3}
    assert list(stats["state"])[:5] == ["SUCCESS", "FAILURE", "STARTED", "PENDING", "ERROR"]


@pytest.mark.parametrize(
    ("query", "field"), [("state=ASLEEP", "state"), ("created=soon", "created")]
)
def test_an_odd_filter_is_named(town: Town, query: str, field: str) -> None:
    refused = town.owner.ask("GET", f"jobs/?{query}")
    assert refused.status_code == 400
    assert refused.json()[field] == [refused.json()["detail"]]


def test_a_list_asks_the_database_as_often_for_twenty_jobs_as_for_one(
    town: Town, django_assert_max_num_queries: object
) -> None:
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    make(town)
    with CaptureQueriesContext(connection) as one:
        town.boss.get("jobs/")
    for _ in range(15):
        make(town)
    with CaptureQueriesContext(connection) as many:
        town.boss.get("jobs/")
    assert len(many) == len(one)
