"""What is staged becomes a file when it is all there and what was announced, and only then."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from django.utils import timezone

from lagan.kit.errors import Conflict, Forbidden, NotFound

if TYPE_CHECKING:
    from tests.hub.instruments.laboratory import Laboratory

DATA = b"flowers" * 1000


def put(place: str, data: bytes) -> Path:
    path = Path(place)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
    os.utime(path, (0, 0))  # nobody has written to it of late
    return path


def test_a_staged_file_is_taken_in_when_it_is_looked_at_again(lab: Laboratory):
    uploader, dataset = lab.approved(), lab.dataset("Spa ces")
    file, place = lab.announce(dataset, "b c.bin", DATA, "sub/deep er")
    folder = lab.root / "staging" / str(uploader)
    assert place == f"{folder}/Spa%20ces-{dataset}/sub/deep%20er/b c.bin"
    sought = {"dataset__id": dataset, "filename": "b c.bin", "directory": "sub/deep er"}
    found = lab.role.get("mydata_dataset_file/", **sought)
    (replica,) = found["replicas"]
    assert (f"{folder}/{replica['uri']}", replica["verified"]) == (place, False)
    there = lab.role.ask("GET", f"mydata_replica/{replica['id']}/?format=json").json()
    assert there["size"] is None
    path = put(place, DATA[:100])
    assert lab.role.ask("GET", f"mydata_replica/{replica['id']}/").json()["size"] == 100
    for data, verified in ((DATA[:100], False), (DATA, True)):
        path.write_bytes(data)
        looked = lab.role.ask("GET", f"dataset_file/{file}/verify/")
        assert (looked.status_code, looked.content) == (200, b"")
        found = lab.role.get("mydata_dataset_file/", **sought)
        assert found["replicas"][0]["verified"] is verified
    assert (found["id"], found["size"]) == (file, len(DATA))
    assert list(folder.rglob("*")) == []


def test_what_is_not_what_was_announced_is_gone_and_sent_again(lab: Laboratory):
    lab.approved()
    file, place = lab.announce(lab.dataset(), "a.bin", DATA)
    path = put(place, DATA[::-1])
    lab.role.ask("GET", f"dataset_file/{file}/verify/")
    assert not path.exists()
    assert lab.role.ask("GET", f"mydata_replica/{file}/").json()["size"] is None
    put(place, DATA)
    lab.role.ask("GET", f"dataset_file/{file}/verify/")
    assert lab.role.ask("GET", f"mydata_replica/{file}/").json()["verified"] is True


def test_whoever_forgot_to_look_again_is_looked_after(lab: Laboratory):
    from lagan.hub.instruments.taking import plan_round

    lab.approved()
    dataset = lab.dataset()
    for name in ("a", "b"):
        _, place = lab.announce(dataset, name, DATA)
        put(place, DATA)
    lab.announce(dataset, "c", DATA)
    plan_round()
    lab.work()
    states = {
        name: lab.role.get("mydata_dataset_file/", dataset__id=dataset, filename=name, directory="")
        for name in "abc"
    }
    told = {name: each["replicas"][0]["verified"] for name, each in states.items()}
    assert told == {"a": True, "b": True, "c": False}


def test_a_large_file_is_taken_in_by_a_job(lab: Laboratory, monkeypatch: pytest.MonkeyPatch):
    from lagan.hub.instruments import taking

    monkeypatch.setattr(taking, "AT_ONCE", 10)
    lab.approved()
    dataset = lab.dataset()
    file, place = lab.announce(dataset, "a.bin", DATA)
    put(place, DATA)
    for _ in range(2):  # asked twice, it is done once
        assert lab.role.ask("GET", f"dataset_file/{file}/verify/").status_code == 200
    stats = lab.role.ask("GET", f"mydata_dataset_stats/{dataset}/").json()
    assert (stats["files"], stats["verified"]) == ({"total": 1, "verified": 0}, False)
    lab.work()
    stats = lab.role.ask("GET", f"mydata_dataset_stats/{dataset}/").json()
    assert (stats["files"], stats["verified"]) == ({"total": 1, "verified": 1}, True)


def test_what_never_came_is_given_up(lab: Laboratory):
    from lagan.hub.instruments.models import DataFile
    from lagan.hub.instruments.staging import LIFETIME
    from lagan.hub.instruments.taking import plan_round

    lab.approved()
    file, place = lab.announce(lab.dataset(), "a.bin", DATA)
    path = put(place, DATA[:10])
    DataFile.objects.filter(pk=file).update(announced_at=timezone.now() - 2 * LIFETIME)
    plan_round()
    lab.work()
    assert not path.exists()
    assert lab.role.ask("GET", f"mydata_dataset_file/{file}/").status_code == 404


def test_a_file_that_was_announced_may_be_sent_whole_instead(lab: Laboratory):
    lab.approved()
    dataset = lab.dataset()
    file, place = lab.announce(dataset, "a.bin", DATA)
    path = put(place, DATA[:10])
    assert lab.role.send(dataset, "a.bin", DATA).status_code == 409  # it is on its way
    path.unlink()
    sent = lab.role.send(dataset, "a.bin", DATA)
    assert sent.headers["location"] == f"/api/v1/mydata_dataset_file/{file}/"
    assert lab.role.ask("GET", f"mydata_replica/{file}/").json()["verified"] is True


def test_a_file_that_came_by_another_way_meanwhile_keeps_its_number(lab: Laboratory):
    from lagan.hub.ingest.whole import Whole
    from lagan.hub.instruments.models import DataFile
    from lagan.hub.instruments.taking import plan_round

    lab.approved()
    dataset = lab.dataset()
    file, place = lab.announce(dataset, "a.bin", DATA)
    path = put(place, DATA)
    whole = Whole(by=lab.role.actor, dataset=dataset, path="a.bin", size=len(DATA), mtime_ns=None)
    whole.write([DATA])
    whole.archive(None).result()
    plan_round()
    lab.work()
    assert not path.exists()
    assert DataFile.objects.get(pk=file).staged == ""
    assert lab.role.ask("GET", f"mydata_replica/{file}/").json()["verified"] is True


def test_names_that_are_long_when_they_are_escaped(lab: Laboratory):
    lab.approved()
    dataset = lab.dataset("☃" * 100)
    data = b"abc"
    file, place = lab.announce(dataset, "☃" * 80, data, "é" * 100 + "/d")
    put(place, data)
    lab.role.ask("GET", f"dataset_file/{file}/verify/")
    assert lab.role.ask("GET", f"mydata_replica/{file}/").json()["verified"] is True


def test_a_staging_folder_that_cannot_be_used_is_told(lab: Laboratory):
    from tests.hub.instruments.laboratory import FINGERPRINT, UUID, said

    lab.approved()
    dataset = lab.dataset()
    file, _ = lab.announce(dataset, "a", DATA)
    shutil.rmtree(lab.root / "staging")
    (lab.root / "staging").write_bytes(b"")
    told = lab.role.post(
        "mydata_dataset_file/", uploader_uuid=UUID, requester_key_fingerprint=FINGERPRINT,
        **said(dataset, "b", DATA),
    )  # fmt: skip
    assert (told.status_code, "staging" in told.json()["error_message"]) == (503, True)
    headers = {"Checksum": "0" * 16, "Content-Range": f"0-10/{len(DATA)}"}
    answer = lab.role.ask("POST", f"mydata_upload/{file}/upload/", content=b"x", headers=headers)
    assert (answer.status_code, answer.json()["success"]) == (200, False)
    assert lab.role.ask("GET", f"dataset_file/{file}/verify/").status_code == 200


@pytest.mark.parametrize("kind", ["link", "pipe", "folder"])
def test_only_plain_files_are_taken(lab: Laboratory, kind: str):
    lab.approved()
    file, place = lab.announce(lab.dataset(), "a.bin", b"secret")
    path = put(place, b"")
    path.unlink()
    if kind == "link":
        (lab.root / "secret").write_bytes(b"secret")
        path.symlink_to(lab.root / "secret")
    elif kind == "pipe":
        os.mkfifo(path)
    else:
        path.mkdir()
    assert lab.role.ask("GET", f"dataset_file/{file}/verify/").status_code == 200
    assert lab.role.ask("GET", f"mydata_replica/{file}/").json()["verified"] is False


def test_a_key_that_was_not_approved_stages_nothing(lab: Laboratory):
    from tests.hub.instruments.laboratory import FINGERPRINT, UUID, said

    dataset = lab.dataset()
    lab.uploader()
    told = said(dataset, "a.bin", DATA)
    for who in (lab.role, lab.mate, lab.stranger, lab.nobody):
        answer = who.post(
            "mydata_dataset_file/",
            uploader_uuid=UUID,
            requester_key_fingerprint=FINGERPRINT,
            **told,
        )
        assert answer.status_code in (400, 401)
    assert not (lab.root / "staging").exists()


def test_who_decides_about_keys(lab: Laboratory):
    from lagan.hub.accounts import queries as accounts
    from lagan.hub.audit.models import Event
    from lagan.hub.base.actors import SYSTEM, Actor
    from lagan.hub.instruments import queries, services
    from lagan.hub.tree import services as tree

    lab.approved()
    (row,) = queries.registrations(lab.administrator)
    keys = lab.root / "keys/authorized_keys"
    (line,) = [each for each in keys.read_text().splitlines() if not each.startswith("#")]
    assert line.startswith('restrict,command="')
    assert f"instruments gate {lab.root}/staging/{row.uploader_id}" in line
    assert keys.stat().st_mode & 0o777 == 0o600
    for who in (lab.role, lab.mate):
        with pytest.raises(Forbidden):
            services.revoke(by=who.actor, registration=row.pk)
    for who in (lab.stranger, lab.owner):
        with pytest.raises(NotFound):
            services.revoke(by=who.actor, registration=row.pk)
    # Even where the role account was given too much, its own key decides nothing.
    role = lab.role.actor
    assert role.entity is not None
    tree.set_grants(
        by=SYSTEM, subject=role.entity, object=lab.facility, grant={"COMPUTER_PERM_SET"}
    )
    with pytest.raises(Forbidden):
        services.revoke(by=Actor(role.entity, role.name, accounts.CLIENT_KEY), registration=row.pk)
    services.revoke(by=lab.administrator, registration=row.pk, comment="It left the house.")
    assert "gate" not in keys.read_text()
    with pytest.raises(Conflict):
        services.refuse(by=lab.administrator, registration=row.pk)
    kinds = Event.objects.filter(kind__startswith="uploader.").order_by("id")
    assert list(kinds.values_list("kind", flat=True)) == [
        "uploader.added", "uploader.asked", "uploader.approved", "uploader.revoked",
    ]  # fmt: skip
