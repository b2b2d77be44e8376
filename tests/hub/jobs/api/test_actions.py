"""Our own actions on jobs over REST: your own, with progress; those of others look absent."""

from __future__ import annotations

import pytest
from django.test import Client

from lagan.hub.jobs.ledger import DatabaseLedger
from lagan.hub.jobs.models import Job
from lagan.worker.ledger import ItemFailure, Outcome
from tests.hub.jobs.api.asking import Town

pytestmark = pytest.mark.django_db


def test_a_job_is_read_cancelled_and_tried_again_by_its_owner(town: Town, their_job: Job) -> None:
    here = f"jobs/{their_job.pk}"
    read = town.owner.get(f"{here}/progress/")
    assert (read["total"], read["fraction"], read["created_by_name"]) == (3, 0.0, "owner")
    assert town.owner.ask("POST", f"{here}/cancel/").json()["state"] == "CANCELLED"
    again = town.owner.ask("POST", f"{here}/cancel/")
    assert (again.status_code, again.json()["type"]) == (409, "/problems/job-over")
    assert town.owner.ask("POST", f"{here}/retry/").json()["state"] == "STARTED"


def test_failures_are_told_whatever_bytes_their_names_have(town: Town, their_job: Job) -> None:
    ledger = DatabaseLedger()
    held, _ = ledger.claim(["lab"], "w", 2)
    failures = [ItemFailure("\udcff\n", "failed", "locked")]
    ledger.finish(held, Outcome(done=1, failed=1, failures=failures))
    told = town.owner.get(f"jobs/{their_job.pk}/failures/")
    assert told["items"] == [{"item": "\udcff\n", "category": "failed", "reason": "locked"}]


def test_who_may_read_tasks_at_the_root_sees_all_jobs_and_changes_none(
    town: Town, their_job: Job
) -> None:
    assert town.boss.get("jobs/")["count"] == 1
    assert town.boss.get(f"jobs/{their_job.pk}/")["owner"] == "owner"
    assert town.boss.ask("POST", f"jobs/{their_job.pk}/cancel/").status_code == 403


@pytest.mark.parametrize(
    ("method", "rest"),
    [
        ("GET", ""),
        ("GET", "files/"),
        ("GET", "progress/"),
        ("GET", "failures/"),
        ("PATCH", ""),
        ("DELETE", ""),
        ("POST", "resubmit/"),
        ("POST", "cancel/"),
        ("POST", "pause/"),
        ("POST", "resume/"),
        ("POST", "retry/"),
    ],
)
def test_to_a_stranger_a_job_looks_absent(
    town: Town, their_job: Job, method: str, rest: str
) -> None:
    assert town.stranger.get("jobs/")["results"] == []
    here = f"jobs/{their_job.pk}/{rest}"
    refused = town.stranger.ask(method, here, {} if method == "PATCH" else None)
    absent = town.stranger.ask(method, here.replace(str(their_job.pk), "999999"), {})
    assert (refused.status_code, absent.status_code) == (404, 404)
    assert Client().generic(method, f"/api/{here}").status_code == 401
