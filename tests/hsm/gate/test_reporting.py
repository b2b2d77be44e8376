"""What the gate brought back is in its log at once and at the hub as one job an hour, whoever is
away meanwhile."""

from __future__ import annotations

import json
import secrets
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from lagan.client import Hub as Client
from lagan.hsm.gate.recalls import Ended
from lagan.hsm.gate.reporting import Report
from lagan.kit.errors import NotFound, Unavailable
from tests.hsm.gate.conftest import Site, await_that
from tests.services.hub import PASSWORD, Hub

TEN = 1_000_000 * 3600.0
GONE_WELL = Ended("/data/\udcffx", 10, 0.5, 1000, "/usr/bin/cat", None)
DENIED = Ended("/data/y", 10, 0.0, 0, "updatedb", "The program updatedb ...", moved=False)
FAILED = Ended("/data/z", 10, 0.5, 1000, "/usr/bin/cat", "The target gave other bytes.")


@dataclass
class FakeHub:
    """Keeps what it is told; refuses with `error`."""

    jobs: dict[int, dict[str, int | str]] = field(default_factory=dict)
    error: Exception | None = None

    def note(self, jobtype: str, site: str, **numbers: int | str) -> int:
        self._refuse()
        self.jobs[len(self.jobs) + 1] = {"jobtype": jobtype, "site": site, **numbers}
        return len(self.jobs)

    def tell(self, job: int, **numbers: int | str) -> None:
        self._refuse()
        if job not in self.jobs:
            raise NotFound("There is no such job.")
        self.jobs[job].update(numbers)

    def _refuse(self) -> None:
        if self.error is not None:
            raise self.error


class Clock:
    def __init__(self) -> None:
        self.now = TEN

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


def test_without_a_hub_there_is_the_log(tmp_path: Path, clock: Clock) -> None:
    report = Report(tmp_path, clock=clock)
    report.note(GONE_WELL)
    report.note(DENIED)
    lines = [json.loads(line) for line in (tmp_path / "recalls.log").read_text().splitlines()]
    assert [line["path"] for line in lines] == [GONE_WELL.path, DENIED.path]
    assert (lines[0]["at"], lines[0]["error"], lines[1]["moved"]) == (TEN, None, False)
    assert report.tell()
    assert not (tmp_path / "hours.json").exists()


def test_recalls_of_an_hour_are_one_job_which_ends_with_it(tmp_path: Path, clock: Clock) -> None:
    hub = FakeHub()
    report = Report(tmp_path, hub, "north", clock)
    report.note(GONE_WELL)
    assert report.tell()
    clock.now += 3599
    report.note(GONE_WELL)
    report.note(DENIED)
    assert report.tell()
    assert hub.jobs == {
        1: {
            "jobtype": "transparent-recall", "site": "north", "state": "STARTED",
            "numfiles": 3, "numprocessedfiles": 2, "numskippedfiles": 1,
        }
    }  # fmt: skip
    clock.now += 1
    report.note(FAILED)
    assert report.tell()
    assert (hub.jobs[1]["state"], hub.jobs[2]["numfailedfiles"]) == ("SUCCESS", 1)
    clock.now += 3600
    assert report.tell()
    assert hub.jobs[2]["state"] == "FAILURE"
    assert json.loads((tmp_path / "hours.json").read_text()) == {}


def test_while_the_hub_is_away_recalls_are_kept_also_by_who_is_killed(
    tmp_path: Path, clock: Clock
) -> None:
    hub = FakeHub(error=Unavailable("The hub is away."))
    report = Report(tmp_path, hub, "north", clock)
    report.note(GONE_WELL)
    clock.now += 3600
    report.note(GONE_WELL)
    assert not report.tell()
    hub.error = None
    later = Report(tmp_path, hub, "north", clock)
    assert later.tell()
    assert [job["numfiles"] for job in hub.jobs.values()] == [1, 1]
    assert [job["state"] for job in hub.jobs.values()] == ["SUCCESS", "STARTED"]


def test_telling_again_changes_nothing(tmp_path: Path, clock: Clock) -> None:
    hub = FakeHub()
    report = Report(tmp_path, hub, "north", clock)
    report.note(GONE_WELL)
    assert report.tell()
    assert report.tell()
    assert len(hub.jobs) == 1


def test_a_job_that_somebody_removed_is_not_made_again(tmp_path: Path, clock: Clock) -> None:
    hub = FakeHub()
    report = Report(tmp_path, hub, "north", clock)
    report.note(GONE_WELL)
    report.tell()
    hub.jobs.clear()
    clock.now += 3600
    assert report.tell()
    assert hub.jobs == {}


@pytest.mark.slow
@pytest.mark.once
def test_what_is_brought_back_shows_at_the_hub(hub: Hub, site: Site) -> None:
    name, who = f"gated-{secrets.token_hex(3)}", f"gatekeeper-{secrets.token_hex(3)}"
    assert hub.lagan("hub", "addsite", name).returncode == 0
    hub.add_user(who, admin=True)
    client = Client(hub.url)
    client.sign_in(who, PASSWORD)
    key = client.make_key("gate")
    site.start(hub=f"base_url = {hub.url}/api\nclient_key = {key}\nsite = {name}")
    path, content = site.migrated()
    assert path.read_bytes() == content
    await_that(lambda: list(client.jobs.list(site=name)), 30)
    (job,) = client.jobs.list(site=name)
    assert (job["jobtype"], job["state"], job["numfiles"]) == ("transparent-recall", "STARTED", 1)
    assert job["numprocessedfiles"] == 1
    client.close()
