"""Our own agent through the instrument door, as if the hub were a MyTardis server: by form, then by
SFTP to a real SSH server once its key is approved. Both sides are held to the same contract."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from lagan.agent.rows import Condition
from tests.agent.conftest import Bench as Desk
from tests.agent.test_mytardis import run
from tests.compat.test_instruments import FACILITY, PERSON, ROLE, Bench
from tests.compat.test_instruments import bench as door  # noqa: F401 - a fixture

pytestmark = [pytest.mark.slow, pytest.mark.once]


@pytest.fixture
def desk(tmp_path: Path, door: Bench) -> Desk:  # noqa: F811 - the fixture
    made = Desk(tmp_path, door.hub)  # type: ignore[arg-type]
    made.given |= {
        "facility_name": FACILITY, "instrument_name": "Agent's", "username": ROLE,
        "api_key": door.key, "server_kind": "mytardis", "upload_method": "POST",
        "cache_datafile_lookups": False, "verification_delay": 0.5,
    }  # fmt: skip
    return made


def held(door: Bench, desk: Desk) -> dict[str, bytes]:  # noqa: F811
    """The contents of the person's datasets, by dataset and path, read by the person."""
    found = {}
    with door.hub.as_user(PERSON) as person:
        rows = {each["id"]: each["name"] for each in person.get("/api/datasets/").json()["results"]}
        for number, name in rows.items():
            for path in (p for p in desk.local() if p.startswith(f"{PERSON}/{name}/")):
                inside = path.removeprefix(f"{PERSON}/{name}/")
                read = person.get(f"/api/datasets/{number}/content/{inside}")
                if read.status_code == 200:
                    found[path] = read.content
    return found


def test_by_form_then_by_sftp_once_approved(door: Bench, desk: Desk) -> None:  # noqa: F811
    desk.file(f"{PERSON}/form/a.txt", b"one")
    desk.file(f"{PERSON}/form/sub/empty", b"")
    desk.file(f"{PERSON}/form/sub/big.bin", os.urandom(3_000_000))
    first = run(desk)
    assert first.report is not None
    assert (first.report.exit, first.report.sent, first.report.verified) == (0, 3, 3), first.report
    assert held(door, desk) == desk.local()
    again = run(desk)
    assert set(again.conditions("verifications").values()) == {Condition.VERIFIED}
    assert {row.name for row in again.rows["users"].values()} == {PERSON}

    desk.given["upload_method"] = "ParallelSSH"
    desk.file(f"{PERSON}/waits/b.txt", b"not approved yet: by form")
    assert run(desk).conditions() == {"b.txt": Condition.COMPLETED}
    with door.hub.administrator() as administrator:
        asked = administrator.get("/api/instruments/registrations/?state=waiting").json()
        (wish,) = [each for each in asked["results"] if each["uploader_name"] == "Agent's"]
        address = f"/api/instruments/registrations/{wish['id']}/approve/"
        assert administrator.post(address, json={}).status_code == 200
    desk.file(f"{PERSON}/staged here/c.txt", b"three")
    desk.file(f"{PERSON}/staged here/in/deep/large.bin", os.urandom(5_000_000))
    staged = run(desk)
    assert set(staged.conditions().values()) == {Condition.COMPLETED}, staged.rows["uploads"]
    assert held(door, desk) == desk.local()

    desk.given["upload_method"] = "Chunked"
    desk.file(f"{PERSON}/chunks/d.bin", os.urandom(12_000_000))
    assert run(desk).conditions() == {"d.bin": Condition.COMPLETED}
    assert held(door, desk) == desk.local()
    assert run(desk).report.sent == 0  # type: ignore[union-attr]
