"""What is done to jobs over HTTP under the documented names: noted, told, repeated, removed; and
what became of their files."""

from __future__ import annotations

from typing import Any

import pytest

from lagan.hub.jobs.ledger import DatabaseLedger
from lagan.hub.jobs.models import Job
from lagan.hub.jobs.services import Stage, Submission, start
from lagan.worker.ledger import ItemFailure, Outcome
from tests.hub.jobs.api.asking import Town

pytestmark = pytest.mark.django_db

PATHS = ["/data/a", "/data/b", "/data/\udcff", "/data/d"]


@pytest.fixture
def ended(town: Town) -> Job:
    """The administrator's recall of four files: two done, one skipped, one failed."""
    stages = [Stage("hsm.recall", "lab")]
    job = start(
        submission=Submission("recall", "Recall", "lab", PATHS, stages), by=town.admin.actor
    )
    ledger = DatabaseLedger()
    (held,) = ledger.claim(["lab"], "w")
    failures = [
        ItemFailure("/data/b", "skipped.link", "a link"),
        ItemFailure("/data/\udcff", "failed.damaged", "differs"),
    ]
    ledger.finish(held, Outcome(done=2, skipped=1, failed=1, failures=failures))
    return job


def test_another_programs_job_is_noted_told_and_removed(town: Town) -> None:
    noted = town.admin.ask("POST", "jobs/", {"jobtype": "sync", "site": "lab", "id": 77})
    assert noted.status_code == 201, noted.content
    job = noted.json()
    assert (job["jobtype"], job["site"], job["owner"]) == ("sync", "lab", "admin")
    here = f"jobs/{job['id']}/"
    told = {"state": "STARTED", "numfiles": 10, "numprocessedfiles": 4, "numskippedfiles": None}
    shown = town.admin.ask("PATCH", here, told).json()
    assert (shown["state"], shown["numfiles"], shown["numprocessedfiles"]) == ("STARTED", 10, 4)
    ended = town.admin.ask("PATCH", here, {"state": "FAILURE", "numfailedfiles": 6}).json()
    assert (ended["state"], ended["numfailedfiles"]) == ("FAILURE", 6)
    gone = town.admin.ask("DELETE", here)
    assert (gone.status_code, gone.content) == (204, b"")
    assert town.admin.ask("GET", here).status_code == 404


@pytest.mark.parametrize(
    ("body", "wrong"),
    [
        ({"site": "lab"}, "jobtype"),
        ({"jobtype": "sync"}, "site"),
        ({"jobtype": "sync", "site": "nowhere"}, "site"),
        ({"jobtype": "sync", "site": "lab", "state": "ASLEEP"}, "state"),
        ({"jobtype": "sync", "site": "lab", "numfiles": -1}, "numfiles"),
        ({"jobtype": "sync", "site": "lab", "numfiles": 2**63}, "numfiles"),
        ({"jobtype": "a\x00b", "site": "lab"}, "jobtype"),
    ],
)
def test_an_odd_job_is_refused_by_field(town: Town, body: dict[str, Any], wrong: str) -> None:
    refused = town.admin.ask("POST", "jobs/", body)
    assert (refused.status_code, len(refused.json()[wrong])) == (400, 1)
    assert not Job.objects.exists()


def test_our_jobs_count_themselves(town: Town, ended: Job) -> None:
    assert town.admin.ask("PATCH", f"jobs/{ended.pk}/", {"numfiles": 99}).status_code == 409
    assert town.admin.get(f"jobs/{ended.pk}/")["numfiles"] == 4
    assert town.boss.ask("PATCH", f"jobs/{ended.pk}/", {"numfiles": 99}).status_code == 403


def test_a_job_is_repeated_once(town: Town, ended: Job) -> None:
    here = f"jobs/{ended.pk}/resubmit/"
    again = town.admin.ask("POST", here)
    assert again.status_code == 201
    assert again.json()["id"] > ended.pk
    assert (again.json()["paths"], again.json()["discovery"]) == (PATHS, None)
    assert town.admin.ask("POST", here, {}).json()["id"] == again.json()["id"]
    assert Job.objects.count() == 2
    assert town.boss.ask("POST", here).status_code == 403


def test_repeating_an_open_job_has_no_effect(town: Town, their_job: Job) -> None:
    answer = town.owner.ask("POST", f"jobs/{their_job.pk}/resubmit/")
    assert (answer.status_code, answer.json()["id"]) == (201, their_job.pk)
    assert Job.objects.count() == 1


def test_an_open_job_is_not_removed(town: Town, their_job: Job) -> None:
    assert town.owner.ask("DELETE", f"jobs/{their_job.pk}/").status_code == 409
    assert town.boss.ask("DELETE", f"jobs/{their_job.pk}/").status_code == 403


def test_a_jobs_files_are_told_with_what_became_of_each(town: Town, ended: Job) -> None:
    whole = town.admin.get(f"jobs/{ended.pk}/")
    told = town.admin.get(f"jobs/{ended.pk}/files/")
    assert {name: told[name] for name in whole} == whole
    assert {each["path"]: each["state"] for each in told["files"]} == dict(
        zip(PATHS, ["processed", "skipped", "failed", "processed"], strict=True)
    )
    failed = town.admin.get(f"jobs/{ended.pk}/files/?category=failed")["files"]
    assert [(each["path"], each["category"], each["reason"]) for each in failed] == [
        ("/data/\udcff", "failed.damaged", "differs")
    ]
    assert len(town.admin.get(f"jobs/{ended.pk}/files/?category=processed")["files"]) == 2


def test_files_come_in_pages(town: Town, ended: Job) -> None:
    seen: list[str] = []
    address: str | None = f"http://testserver/api/jobs/{ended.pk}/files/?size=1"
    while address:
        page = town.admin.get(address.removeprefix("http://testserver/api/"))
        seen += [each["path"] for each in page["files"]]
        address = page["next"]
    assert sorted(seen) == sorted(PATHS)


@pytest.mark.parametrize("query", ["category=odd", "after=x", "size=0"])
def test_an_odd_page_of_files_is_refused(town: Town, ended: Job, query: str) -> None:
    assert town.admin.ask("GET", f"jobs/{ended.pk}/files/?{query}").status_code == 400
