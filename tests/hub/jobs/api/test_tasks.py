"""Tasks over HTTP: documented fields and filters, states in the words of jobs, outcomes with
reasons."""

from __future__ import annotations

import pytest

from lagan.hub.jobs.ledger import DatabaseLedger
from lagan.hub.jobs.models import Job
from lagan.hub.jobs.services import TaskSpec, create_job
from lagan.worker.ledger import ItemFailure, Outcome
from tests.hub.jobs.api.asking import Town

pytestmark = pytest.mark.django_db


def test_tasks_of_a_job_are_listed_and_shown(town: Town, their_job: Job) -> None:
    page = town.owner.get(f"tasks/?job={their_job.pk}")
    assert page["count"] == 2
    first = page["results"][-1]
    url = f"http://testserver/api/tasks/{first['taskid']}/"
    assert first == {
        "job": their_job.pk, "state": "PENDING", "taskid": first["taskid"], "tasktype": "s",
        "url": url,
    }  # fmt: skip
    shown = town.owner.get(f"tasks/{first['taskid']}/")
    assert shown == {
        **first,
        "numfiles": 2,
        "numprocessedfiles": 0,
        "numskippedfiles": 0,
        "numfailedfiles": 0,
        "paths": ["a", "b"],
        "results": {"failed": [], "skipped": [], "result": {}, "error": ""},
    }


def test_what_became_of_each_path_is_told_with_its_reason(town: Town, their_job: Job) -> None:
    ledger = DatabaseLedger()
    held, other = ledger.claim(["lab"], "w", 2)
    failures = [
        ItemFailure("a", "failed.busy", "in use"),
        ItemFailure("b", "skipped.link", "a link"),
    ]
    ledger.finish(held, Outcome(failed=1, skipped=1, failures=failures))
    ledger.fail(other, "the step broke", permanent=True)
    shown = town.owner.get(f"tasks/{held.id}/")
    assert (shown["state"], shown["numfailedfiles"], shown["numskippedfiles"]) == ("FAILURE", 1, 1)
    assert shown["results"]["failed"] == [
        {"path": "a", "category": "failed.busy", "reason": "in use"}
    ]
    assert shown["results"]["skipped"][0]["path"] == "b"
    broken = town.owner.get(f"tasks/{other.id}/")
    assert (broken["state"], broken["results"]["error"]) == ("ERROR", "the step broke")
    assert [each["path"] for each in broken["results"]["failed"]] == ["c"]


def test_tasks_are_filtered_by_type_state_and_job(town: Town, their_job: Job) -> None:
    by = town.owner.actor
    other = create_job(
        kind="recall", title="Recall", by=by, tasks=[TaskSpec("hsm.recall", "lab", items=["x"])]
    )
    ledger = DatabaseLedger()
    held, _ = ledger.claim(["lab"], "w", 2)
    ledger.finish(held, Outcome(done=2))

    def found(query: str) -> int:
        return int(town.owner.get(f"tasks/?{query}")["count"])

    assert found("") == 3
    assert found("tasktype=dynamo.tasks.recall") == found("tasktype=hsm.recall") == 1
    assert (found("state=SUCCESS"), found("state=STARTED"), found("state=PENDING")) == (1, 1, 1)
    assert found("state=FAILURE") == found("state=ERROR") == 0
    assert found(f"job={other.pk}") == 1
    assert found(f"job={10**30}") == 0
    assert town.owner.ask("GET", "tasks/?state=ASLEEP").json()["state"]
    assert town.owner.ask("GET", "tasks/?job=x").json()["job"]


def test_tasks_of_others_look_absent(town: Town, their_job: Job) -> None:
    task = town.owner.get("tasks/")["results"][0]["taskid"]
    assert town.stranger.get("tasks/")["results"] == []
    assert town.stranger.ask("GET", f"tasks/{task}/").status_code == 404
    assert town.boss.ask("GET", f"tasks/{task}/").status_code == 200
    for absent in ("x", "99999", "9" * 40, "-1", "%C2%B2"):
        assert town.owner.ask("GET", f"tasks/{absent}/").status_code == 404


def test_any_bytes_of_a_name_come_back(town: Town) -> None:
    name = "/data/\udcff\n\u00e9\t.txt"
    create_job(kind="x", title="X", by=town.owner.actor, tasks=[TaskSpec("s", "lab", items=[name])])
    task = town.owner.get("tasks/")["results"][0]["taskid"]
    answer = town.owner.ask("GET", f"tasks/{task}/")
    assert b"\\udcff\\n\\u00e9\\t" in answer.content
    assert answer.json()["paths"] == [name]
