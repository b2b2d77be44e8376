"""The batch: many small files in one request, one acknowledgement each."""

from __future__ import annotations

import hashlib
import io
import json
import os
import subprocess
import tarfile
from pathlib import Path
from typing import Any

import pytest

from tests.services.hub import Hub, until


def tar_of(files: dict[str, bytes], **pax: dict[str, str]) -> bytes:
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w", format=tarfile.PAX_FORMAT) as tar:
        for name, data in files.items():
            info = tarfile.TarInfo(name)
            info.size, info.pax_headers = len(data), pax.get(name, {})
            tar.addfile(info, io.BytesIO(data))
    return stream.getvalue()


def send(client, stream) -> list[dict[str, Any]]:
    answer = client.post("/api/uploads/batch/", content=stream)
    assert answer.status_code == 200, answer.text
    return [json.loads(line) for line in answer.text.splitlines()]


@pytest.fixture
def place(hub: Hub, request: pytest.FixtureRequest) -> int:
    return hub.dataset(request.node.name, owner="alice")


@pytest.fixture
def alice(hub: Hub, place: int):
    with hub.as_user("alice") as client:
        yield client


def test_every_file_is_acknowledged_and_given_back(hub, alice, place):
    files = {f"{place}/folder/{n}.txt": os.urandom(n * 10) for n in range(300)}
    before = hub.objects()
    answers = send(alice, tar_of(files))
    assert [each["status"] for each in answers] == ["stored"] * 300
    assert [each["path"] for each in answers] == list(files)
    for path, answer in zip(files, answers, strict=True):
        assert answer["sha256"] == hashlib.sha256(files[path]).hexdigest()
    for n in (0, 1, 299):
        got = alice.get(f"/api/datasets/{place}/content/folder/{n}.txt").content
        assert got == files[f"{place}/folder/{n}.txt"]
    (pack,) = set(hub.objects()) - set(before)
    assert pack.startswith("packs/")


def test_a_pack_is_read_by_tar_without_us(hub, alice, place, tmp_path):
    before = set(hub.objects())
    files = {f"{place}/a.txt": b"alpha", f"{place}/b/ü.txt": b"beta"}
    send(alice, tar_of(files))
    (pack,) = set(hub.objects()) - before
    archive = hub.data / "volumes/main" / pack
    subprocess.run(["tar", "-xf", archive, "-C", tmp_path], check=True)
    assert {
        each.relative_to(tmp_path).as_posix(): each.read_bytes()
        for each in tmp_path.rglob("*")
        if each.is_file()
    } == files


def test_large_members_have_objects_of_their_own(hub, alice, place):
    before = hub.objects()
    data = os.urandom(2_500_000)
    answers = send(alice, tar_of({f"{place}/small": b"s", f"{place}/large": data}))
    assert [each["status"] for each in answers] == ["stored", "stored"]
    new = {name: size for name, size in hub.objects().items() if name not in before}
    assert sorted(name.split("/")[0] for name in new) == ["files", "packs"]
    assert alice.get(f"/api/datasets/{place}/content/large").content == data


def test_the_same_batch_again_stores_nothing(hub, alice, place):
    stream = tar_of({f"{place}/{n}": b"%d" % n for n in range(20)})
    first = send(alice, stream)
    before = hub.objects()
    again = send(alice, stream)
    assert [each["status"] for each in again] == ["present"] * 20
    assert [each["file"] for each in again] == [each["file"] for each in first]
    assert set(hub.objects()) <= set(before)


def test_one_bad_member_does_not_spoil_the_others(hub, alice, place):
    closed = hub.dataset("closed for batches", owner="alice")
    assert alice.post(f"/api/datasets/{closed}/close/").status_code == 200
    files = {
        f"{place}/good": b"1",
        f"{place}/../bad": b"2",
        f"{closed}/late": b"3",
        "999999/absent": b"4",
        "no number/x": b"5",
        f"{place}/wrong": b"6",
        f"{place}/also good": b"7",
    }
    told = {f"{place}/wrong": {"LAGAN.sha256": "0" * 64}}
    answers = send(alice, tar_of(files, **told))
    assert [each["status"] for each in answers] == [
        "stored", "refused", "refused", "refused", "refused", "refused", "stored",
    ]  # fmt: skip
    reasons = [each["error"]["type"] for each in answers if "error" in each]
    assert reasons == [
        "/problems/bad-path", "/problems/dataset-not-open", "/problems/not-found",
        "/problems/bad-input", "/problems/digest-mismatch",
    ]  # fmt: skip


def test_links_and_devices_are_refused_by_name(alice, place):
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w") as tar:
        for kind in (tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.CHRTYPE, tarfile.FIFOTYPE):
            info = tarfile.TarInfo(f"{place}/odd")
            info.type, info.linkname = kind, "/etc/passwd"
            tar.addfile(info)
    assert {each["status"] for each in send(alice, stream.getvalue())} == {"refused"}


def test_names_that_are_not_utf8_are_refused_by_name(alice, place, tmp_path: Path):
    folder = tmp_path / str(place)
    folder.mkdir()
    (Path(os.fsdecode(os.fsencode(folder) + b"/bad\xff"))).write_bytes(b"x")
    (folder / "good").write_bytes(b"y")
    command = ["tar", "-C", str(tmp_path), "--sort=name", "-cf", "-", str(place)]
    answers = send(alice, subprocess.run(command, check=True, capture_output=True).stdout)
    assert {each["path"].rpartition("/")[2]: each["status"] for each in answers} == {
        "bad\\xff": "refused",
        "good": "stored",
    }


@pytest.mark.parametrize("format", ["gnu", "pax", "ustar"])
def test_what_the_tar_program_writes_is_understood(alice, place, tmp_path, format):
    deep = tmp_path / str(place) / ("long " * 15) / ("er" * 40)
    deep.mkdir(parents=True)
    (deep / "file").write_bytes(b"content")
    command = ["tar", "-C", tmp_path, f"--format={format}", "-cf", "-", str(place)]
    (answer,) = send(alice, subprocess.run(command, check=True, capture_output=True).stdout)
    assert answer["status"] == "stored"
    assert answer["sha256"] == hashlib.sha256(b"content").hexdigest()


def test_noise_is_refused(alice):
    answer = alice.post("/api/uploads/batch/", content=os.urandom(5000))
    assert (answer.status_code, answer.json()["type"]) == (400, "/problems/bad-batch")


def test_a_batch_that_breaks_off_leaves_nothing(hub, alice, place):
    before, waiting = hub.objects(), hub.incoming()
    stream = tar_of({f"{place}/{n}": os.urandom(3000) for n in range(50)})
    answer = alice.post("/api/uploads/batch/", content=stream[:100_000])
    assert answer.status_code == 400
    assert set(hub.objects()) <= set(before)
    until(lambda: set(hub.incoming()) <= set(waiting))


def test_a_stranger_and_a_manager_who_may_send(hub, alice, place):
    stream = tar_of({f"{place}/x": b"x"})
    with hub.as_user(hub.add_user("mallory")) as mallory:
        (answer,) = send(mallory, stream)
        assert answer["error"]["type"] == "/problems/not-found"
    with hub.as_user("manager") as manager:
        assert send(manager, stream)[0]["status"] == "stored"


def test_later_members_of_one_name_are_versions(alice, place):
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w") as tar:
        for data in (b"one", b"two", b"two"):
            info = tarfile.TarInfo(f"{place}/x")
            info.size = len(data)
            tar.addfile(info, io.BytesIO(data))
    answers = send(alice, stream.getvalue())
    assert [(each["status"], each["version"]) for each in answers] == [
        ("stored", 1), ("stored", 2), ("present", 2),
    ]  # fmt: skip
    assert alice.get(f"/api/datasets/{place}/content/x").content == b"two"
