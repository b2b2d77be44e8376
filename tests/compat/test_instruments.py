"""Runs of deployed uploading programs, request by request as they were recorded, against a running
hub: by HTTP POST, by SCP and SFTP to a real SSH server, and in chunks.

Source: docs/doors/instruments.md.
"""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import quote

import psutil
import pytest
import requests
import xxhash

from tests.services import ssh as ssh_server
from tests.services.hub import Hub, await_gone

FACILITY, ROLE, PERSON = "Microscopy", "facility-account", "testuser1"
UUID = "0b0c9f0e-c6f1-11f0-9d5b-0242ac110002"
STRUCTURE = "Username / Dataset"


@dataclass
class Bench:
    """A hub with an SSH server for staging, and what a program knows of them."""

    hub: Hub
    ssh: dict[str, str]
    folder: Path
    key: str = ""
    session: requests.Session = field(default_factory=requests.Session)

    def ask(self, method: str, path: str, **more: Any) -> requests.Response:
        """A request as the programs make it: a connection of its own, JSON both ways."""
        headers = {
            "Authorization": f"ApiKey {ROLE}:{self.key}", "Content-Type": "application/json",
            "Accept": "application/json", "Connection": "close", **more.pop("headers", {}),
        }  # fmt: skip
        address = f"{self.hub.url}/api/v1/{path}"
        kept = {name: value for name, value in headers.items() if value is not None}
        return requests.request(method, address, headers=kept, timeout=150, **more)

    def get(self, path: str, **filters: Any) -> Any:
        answer = self.ask("GET", path, params={"format": "json", **filters})
        assert answer.status_code == 200, answer.text
        assert answer.history == []
        told = answer.json()
        return told["objects"][0] if told["meta"]["total_count"] else None

    def post(self, path: str, **given: Any) -> Any:
        answer = self.ask("POST", path, data=json.dumps(given))
        assert answer.status_code == 201, answer.text
        assert answer.headers["location"].startswith("/api/v1/")
        return answer

    def dataset(self, description: str, *, uri: str = "experiment") -> int:
        """Steps 11 to 17 of a run: an experiment for the person and a dataset in it."""
        title = f"Wire Instrument - {PERSON}"
        sought = {
            "title": title, "folder_structure": STRUCTURE, "user_folder_name": PERSON,
        }  # fmt: skip
        person = self.get("user/", username=PERSON)
        experiment = self.get("mydata_experiment/", **sought)
        if experiment is None:
            schema = "http://mytardis.org/schemas/mydata/defaultexperiment"
            told = {"uploader": UUID, "user_folder_name": PERSON}
            pairs = [{"name": name, "value": value} for name, value in told.items()]
            sets = [{"schema": schema, "parameters": pairs}]
            experiment = self.post(
                "mydata_experiment/", title=title, description="...", immutable=False,
                parameter_sets=sets,
            ).json()  # fmt: skip
            group = self.get("facility/")["manager_group"]
            for plugin, entity in (("django_group", group["id"]), ("django_user", person["id"])):
                self.post(
                    "objectacl/", pluginId=plugin, entityId=str(entity),
                    content_object=f"/api/v1/experiment/{experiment['id']}/",
                    content_type="experiment", object_id=experiment["id"], aclOwnershipType=1,
                    isOwner=True, canRead=True, canWrite=True, canDelete=False,
                    effectiveDate=None, expiryDate=None,
                )  # fmt: skip
        instrument = self.instrument()
        where = {"experiments__id": experiment["id"], "description": description}
        found = self.get("dataset/", **where, instrument__id=instrument["id"])
        if found is None:
            found = self.post(
                "dataset/", instrument=instrument["resource_uri"], description=description,
                experiments=[f"/api/v1/{uri}/{experiment['id']}/"], immutable=False,
            ).json()  # fmt: skip
        number: int = found["id"]
        return number

    def instrument(self) -> Any:
        """Steps 4 to 6: the facility's instrument, made when it is missing."""
        facility = self.get("facility/")
        where = {"facility__id": facility["id"], "name": "Wire Instrument"}
        found = self.get("instrument/", **where)
        if found is None:
            given = {"facility": facility["resource_uri"], "name": "Wire Instrument"}
            found = self.post("instrument/", **given).json()
        return found

    def said(self, dataset: int, name: str, data: bytes, directory: str = "") -> dict[str, Any]:
        return {
            "dataset": f"/api/v1/dataset/{dataset}/", "filename": name, "directory": directory,
            "md5sum": hashlib.md5(data).hexdigest(), "size": len(data), "mimetype": None,
            "created_time": "2026-11-21T20:06:03.445115",
            "modification_time": "2026-11-21T20:06:03.445115",
        }  # fmt: skip

    def run(self, command: str, **more: Any) -> subprocess.CompletedProcess[bytes]:
        """A command on the staging machine, as programs run it: not quoted, no host key known."""
        return subprocess.run(
            ["ssh", *self.way(), "-p", self.ssh["port"], self.target(), command],
            capture_output=True, check=False, timeout=60, **more,
        )  # fmt: skip

    def copy(self, *arguments: str) -> subprocess.CompletedProcess[bytes]:
        """`scp` with the program's key."""
        return subprocess.run(
            ["scp", *self.way(), "-P", self.ssh["port"], *arguments],
            capture_output=True, check=False, timeout=60,
        )  # fmt: skip

    def way(self) -> list[str]:
        return [
            "-i", str(self.folder / "MyData"), "-o", "IdentitiesOnly=yes", "-o", "BatchMode=yes",
            "-o", "StrictHostKeyChecking=no", "-o", f"UserKnownHostsFile={self.folder}/known",
            "-o", "LogLevel=ERROR",
        ]  # fmt: skip

    def target(self) -> str:
        return f"{self.ssh['user']}@127.0.0.1"

    def fingerprint(self) -> str:
        shown = subprocess.run(
            ["ssh-keygen", "-l", "-f", str(self.folder / "MyData.pub")],
            capture_output=True, check=True, text=True,
        )  # fmt: skip
        return shown.stdout.split()[1]

    def register(self) -> str:
        """Steps 7 to 10, and an administrator's click: where this program stages its files."""
        instrument = self.instrument()
        machine = {
            "uuid": UUID, "name": "Wire Instrument", "contact_name": "Jan", "memory": "23.6G",
            "user_agent_name": "MyData", "user_agent_version": "0.9.6", "cpus": 4,
            "instruments": [instrument["resource_uri"]],
        }  # fmt: skip
        record = self.get("mydata_uploader/", uuid=UUID)
        if record is None:
            record = self.post("mydata_uploader/", **machine).json()
        else:
            put = self.ask("PUT", record["resource_uri"][8:], data=json.dumps(machine))
            assert put.status_code == 200, put.text
        which = {"uploader__uuid": UUID, "requester_key_fingerprint": self.fingerprint()}
        wish = self.get("mydata_uploaderregistrationrequest/", **which)
        if wish is None:
            wish = self.post(
                "mydata_uploaderregistrationrequest/", uploader=record["resource_uri"],
                name="Wire Instrument", requester_name="Jan", requester_email="jan@example.org",
                requester_public_key=(self.folder / "MyData.pub").read_text(),
                requester_key_fingerprint=self.fingerprint(),
            ).json()  # fmt: skip
        if not wish["approved"]:
            assert wish["approved_storage_box"] is None
            with self.hub.administrator() as administrator:
                address = f"/api/instruments/registrations/{wish['id']}/approve/"
                assert administrator.post(address, json={}).status_code == 200
        box = self.get("mydata_uploaderregistrationrequest/", **which)["approved_storage_box"]
        told = {each["key"]: each["value"] for each in (*box["options"], *box["attributes"])}
        assert (told["scp_hostname"], told["scp_port"]) == ("127.0.0.1", self.ssh["port"])
        assert told["scp_username"] == self.ssh["user"]
        location: str = told["location"]
        return location

    def stage(self, dataset: int, name: str, data: bytes, directory: str = "") -> tuple[int, str]:
        """The announcement of a file: its number, and the bare path of the answer."""
        told = {
            "uploader_uuid": UUID, "requester_key_fingerprint": self.fingerprint(),
        }  # fmt: skip
        answer = self.post(
            "mydata_dataset_file/", **self.said(dataset, name, data, directory), **told
        )
        return int(answer.headers["location"].split("/")[-2]), answer.text

    def verified(self, dataset: int, name: str, directory: str = "") -> bool:
        found = self.get(
            "mydata_dataset_file/", dataset__id=dataset, filename=name, directory=directory
        )
        return bool(found and found["replicas"][0]["verified"])


@pytest.fixture(scope="module")
def bench(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
    folder = tmp_path_factory.mktemp("staging")
    command = ["ssh-keygen", "-q", "-t", "rsa", "-b", "2048", "-N", "", "-f", f"{folder}/MyData"]
    subprocess.run(command, check=True, stdin=subprocess.DEVNULL)
    (folder / "sshd").mkdir()
    server = ssh_server.start(folder / "sshd")
    database = os.environ["LAGAN_TEST_DATABASE"]
    hub = Hub(tmp_path_factory.mktemp("hub"), database=database)
    hub.environment |= {
        "LAGAN_STAGING_HOST": "127.0.0.1", "LAGAN_STAGING_PORT": server.address["port"],
        "LAGAN_STAGING_USER": server.address["user"],
        "LAGAN_STAGING_KEYS": f"{folder}/sshd/authorized_keys",
    }  # fmt: skip
    try:
        hub.start()
        made = Bench(hub, dict(server.address), folder)
        hub.facility(FACILITY, ROLE)
        hub.add_user(PERSON)
        made.key = hub.key(ROLE)
        yield made
    finally:
        if hub.process is not None:
            hub.stop()
        with suppress(psutil.NoSuchProcess):
            process = psutil.Process(server.pid)
            process.terminate()
            await_gone([process])


def test_a_run_by_http_post(bench: Bench, tmp_path: Path):
    root = bench.ask("GET", "?format=json", headers={"Authorization": None})
    assert (root.status_code, root.history) == (200, [])
    assert bench.get("user/", username=ROLE)["username"] == ROLE
    dataset = bench.dataset("Flowers")
    assert bench.dataset("Flowers", uri="mydata_experiment") == dataset
    files = {"a.txt": b"one", "empty": b"", "big.bin": os.urandom(5_000_000), "é #&.txt": b"two"}
    for name, data in files.items():
        assert not bench.verified(dataset, name, "sub")
        (tmp_path / "part").write_bytes(data)
        said = json.dumps(bench.said(dataset, name, data, "sub"))
        with (tmp_path / "part").open("rb") as file:
            answer = bench.ask(
                "POST", "mydata_dataset_file/",
                headers={"Content-Type": None},
                files={
                    "json_data": (None, said),
                    "attached_file": (name, file, "application/octet-stream"),
                },
            )  # fmt: skip
        assert (answer.status_code, answer.content) == (201, b""), answer.text
        assert bench.verified(dataset, name, "sub")
    with bench.hub.as_user(PERSON) as person:
        for name, data in files.items():
            read = person.get(f"/api/datasets/{dataset}/content/sub/{quote(name)}")
            assert read.content == data


def test_curl_sends_one_file_once(bench: Bench, tmp_path: Path):
    dataset = bench.dataset("Birds")
    (tmp_path / "b.bin").write_bytes(b"birds")

    def send(**changes: Any) -> str:
        said = {**bench.said(dataset, "b.bin", b"birds"), **changes}
        (tmp_path / "said").write_text(json.dumps(said))
        command = [
            "curl", "-s", "-o", "/dev/null", "-w", "%{http_code}",
            "-H", f"Authorization: ApiKey {ROLE}:{bench.key}",
            "-F", f"json_data=<{tmp_path}/said", "-F", f"attached_file=@{tmp_path}/b.bin",
            f"{bench.hub.url}/api/v1/mydata_dataset_file/",
        ]  # fmt: skip
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout

    assert send(md5sum="f" * 32) == "400"
    assert send(size=6) == "400"
    assert send(dataset="/api/v1/dataset/999999/") == "400"
    assert not bench.verified(dataset, "b.bin")
    assert send(md5sum="0" * 32) == "201"
    assert send() == "409"
    assert bench.hub.incoming() == []


def test_a_run_by_scp(bench: Bench, tmp_path: Path):
    location = bench.register()
    dataset = bench.dataset("Spa ces")
    data = os.urandom(3_000_000)
    for number, more in enumerate((["-O"], ["-O", "-p"], [])):  # the last by SFTP
        name = f"c{number}.bin"
        file, place = bench.stage(dataset, name, data, "sub/deep")
        assert place == f"{location}/Spa%20ces-{dataset}/sub/deep/{name}"
        made = bench.run(f"mkdir -m 2770 -p {Path(place).parent}")
        assert (made.returncode, made.stdout, made.stderr) == (0, b"", b"")
        (tmp_path / name).write_bytes(data)
        sent = bench.copy(*more, str(tmp_path / name), f"{bench.target()}:{place}")
        assert sent.returncode == 0, sent.stderr
        assert bench.run(f"chmod 660 {place}").returncode == 0
        there = Path(place).stat()
        assert (there.st_mode & 0o7777, there.st_size) == (0o660, len(data))
        assert Path(place).parent.stat().st_mode & 0o7777 == 0o2770
        assert not bench.verified(dataset, name, "sub/deep")
        assert bench.ask("GET", f"mydata_replica/{file}/").json()["size"] == len(data)
        looked = bench.ask("GET", f"dataset_file/{file}/verify/")
        assert (looked.status_code, looked.content) == (200, b"")
        assert bench.verified(dataset, name, "sub/deep")
        assert not Path(place).exists()


def test_a_key_does_nothing_else(bench: Bench, tmp_path: Path):
    location = bench.register()
    (tmp_path / "a").write_bytes(b"a")
    outside = Path(location).parent / "other"
    for command in ("id", f"mkdir -m 2770 -p {outside}", f"chmod 660 {location}"):
        answered = bench.run(command)
        assert (answered.returncode, answered.stdout) == (1, b""), command
        assert b"Traceback" not in answered.stderr
    # What a shell would take for two commands is the name of a folder here.
    assert bench.run(f"mkdir -m 2770 -p {location}/x; id").returncode == 0
    assert (Path(location) / "x; id").is_dir()
    (Path(location) / "link").symlink_to("/tmp")
    for more in (["-O"], []):
        for place in (outside, f"{location}/link/lagan-a"):
            sent = bench.copy(*more, str(tmp_path / "a"), f"{bench.target()}:{place}")
            assert sent.returncode != 0
    assert bench.copy(f"{bench.target()}:/etc/hostname", str(tmp_path / "b")).returncode != 0
    assert not Path("/tmp/lagan-a").exists()
    assert not outside.exists()
    assert not (tmp_path / "b").exists()
    (Path(location) / "link").unlink()


def test_a_run_in_chunks(bench: Bench):
    bench.register()
    dataset = bench.dataset("Chunks")
    data = os.urandom(12_000_000)
    file, _ = bench.stage(dataset, "d.bin", data)
    detail = bench.ask("GET", f"mydata_dataset_file/{file}/?format=json").json()
    replica = detail["replicas"][0]["id"]
    while not (told := bench.ask("GET", f"mydata_upload/{replica}/").json())["completed"]:
        start = told["offset"]
        piece = data[start : start + told["size"]]
        headers = {
            "Accept": "*/*", "Checksum": xxhash.xxh3_64(piece).hexdigest(),
            "Content-Type": "application/octet-stream",
            "Content-Range": f"{start}-{start + len(piece)}/{len(data)}",
        }  # fmt: skip
        sent = bench.ask("POST", f"mydata_upload/{replica}/upload/", headers=headers, data=piece)
        assert sent.json()["success"] is True, sent.text
    done = bench.ask("GET", f"mydata_upload/{replica}/complete/").json()
    assert done["success"] is True
    assert bench.verified(dataset, "d.bin")


def test_a_key_that_is_taken_back_is_shut_out(bench: Bench):
    bench.register()
    which = {"uploader__uuid": UUID, "requester_key_fingerprint": bench.fingerprint()}
    wish = bench.get("mydata_uploaderregistrationrequest/", **which)
    address = f"/api/instruments/registrations/{wish['id']}"
    with bench.hub.administrator() as administrator:
        assert administrator.post(f"{address}/revoke/", json={"comment": "Lost"}).is_success
        assert bench.run("mkdir -p x").returncode == 255
        assert bench.get("mydata_uploaderregistrationrequest/", **which)["approved"] is False
        assert administrator.post(f"{address}/approve/", json={}).is_success
    assert bench.run(f"mkdir -m 2770 -p {bench.register()}/y").returncode == 0
