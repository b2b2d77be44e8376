"""A facility with a role account: `owner` is whose folder the program finds, `mate` is a member of
the facility's managers, the stranger manages another facility. Programs speak through the door."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import json
from dataclasses import dataclass, field
from pathlib import Path
from threading import Event as Flag
from typing import Any

import httpx

from lagan.hub.accounts import services as accounts
from lagan.hub.archive import services as archive
from lagan.hub.base.actors import SYSTEM, Actor
from lagan.hub.front import application
from lagan.hub.jobs.ledger import DatabaseLedger
from lagan.hub.tree import services as tree
from lagan.worker.execute import execute
from tests.hub.people import person

MANAGING = {
    "GROUP_READ", "COMPUTER_CREATE", "COMPUTER_READ", "COMPUTER_CHANGE", "DATASET_CREATE",
    "DATASET_READ", "DATASET_CHANGE",
}  # fmt: skip
UUID = "00000000-1111-2222-3333-444444444444"
KEY = "ssh-ed25519 " + base64.b64encode(b"\0\0\0\x0bssh-ed25519\0\0\0\x20" + b"k" * 32).decode()
FINGERPRINT = "SHA256:abc+/def"
SCHEMA = "http://mytardis.org/schemas/mydata/defaultexperiment"


@dataclass
class Program:
    """An uploading program with the credentials of its account."""

    actor: Actor
    header: str = ""

    def ask(self, method: str, path: str, **more: Any) -> httpx.Response:
        """One request of its own connection, as those programs make them."""
        headers = {"Authorization": self.header} if self.header else {}
        headers |= more.pop("headers", {})

        async def go() -> httpx.Response:
            transport = httpx.ASGITransport(app=application)
            async with httpx.AsyncClient(transport=transport, base_url="http://hub") as client:
                return await client.request(method, f"/api/v1/{path}", headers=headers, **more)

        return asyncio.run(go())

    def get(self, path: str, **filters: Any) -> Any:
        """The first and only object of a list, or None."""
        answer = self.ask("GET", path, params={"format": "json", **filters})
        assert answer.status_code == 200, answer.text
        objects = answer.json()["objects"]
        assert answer.json()["meta"]["total_count"] == len(objects) <= 1
        return objects[0] if objects else None

    def post(self, path: str, **given: Any) -> httpx.Response:
        return self.ask("POST", path, json=given)

    def send(
        self, dataset: int, name: str, data: bytes, directory: str = "", **changes: Any
    ) -> httpx.Response:
        """A file in two parts, as it is documented."""
        return self.ask(
            "POST",
            "mydata_dataset_file/",
            files=[
                ("json_data", (None, json.dumps(said(dataset, name, data, directory, **changes)))),
                ("attached_file", (name, data, "application/octet-stream")),
            ],
        )


def said(
    dataset: int, name: str, data: bytes, directory: str = "", **changes: Any
) -> dict[str, Any]:
    """What a program says of a file."""
    return {
        "dataset": f"/api/v1/dataset/{dataset}/",
        "filename": name,
        "directory": directory,
        "md5sum": hashlib.md5(data).hexdigest(),
        "size": len(data),
        "mimetype": "text/plain",
        "created_time": "2026-11-21T20:06:03.445115",
        "modification_time": "2026-11-21T20:06:03.445115",
        **changes,
    }


def experiment(title: str = "Scope - Jan owner", **parameters: Any) -> dict[str, Any]:
    """The body of a POST of an experiment."""
    told = {"uploader": UUID, "user_folder_name": "owner", **parameters}
    return {
        "title": title,
        "description": "Instrument: Scope",
        "immutable": False,
        "parameter_sets": [
            {
                "schema": SCHEMA,
                "parameters": [{"name": name, "value": value} for name, value in told.items()],
            }
        ],
    }


@dataclass
class Laboratory:
    """The facility and everybody's programs."""

    root: Path
    facility: int
    other: int
    managers: int
    role: Program
    owner: Program
    mate: Program
    stranger: Program
    administrator: Actor
    nobody: Program = field(default_factory=lambda: Program(Actor(None, "", "none")))

    def instrument(self, name: str = "Scope") -> int:
        made = self.role.post(
            "instrument/", facility=f"/api/v1/facility/{self.facility}/", name=name
        )
        assert made.status_code == 201, made.text
        number: int = made.json()["id"]
        return number

    def experiment(self, *args: Any, **more: Any) -> int:
        made = self.role.post("mydata_experiment/", **experiment(*args, **more))
        assert made.status_code == 201, made.text
        number: int = made.json()["id"]
        return number

    def dataset(self, description: str = "Flowers") -> int:
        """A dataset as a run makes it, with what it lies in."""
        made = self.role.post(
            "dataset/", description=description, immutable=False,
            instrument=f"/api/v1/instrument/{self.instrument()}/",
            experiments=[f"/api/v1/experiment/{self.experiment()}/"],
        )  # fmt: skip
        assert made.status_code == 201, made.text
        number: int = made.json()["id"]
        return number

    def uploader(self, **changes: Any) -> int:
        """The record of the role account's program."""
        given = {
            "uuid": UUID, "name": "Scope", "contact_name": "Jan", "memory": "23.6G", "cpus": 4,
            "instruments": [f"/api/v1/instrument/{self.instrument()}/"], **changes,
        }  # fmt: skip
        made = self.role.post("mydata_uploader/", **given)
        assert made.status_code == 201, made.text
        number: int = made.json()["id"]
        return number

    def approved(self, key: str = KEY, fingerprint: str = FINGERPRINT) -> int:
        """The record of a program whose key may stage."""
        from lagan.hub.instruments import services

        uploader = self.uploader()
        asked = self.role.post(
            "mydata_uploaderregistrationrequest/", name="Scope", requester_name="Jan",
            uploader=f"/api/v1/mydata_uploader/{uploader}/", requester_email="jan@example.org",
            requester_public_key=key, requester_key_fingerprint=fingerprint,
        )  # fmt: skip
        assert asked.status_code == 201, asked.text
        services.approve(by=self.administrator, registration=asked.json()["id"])
        return uploader

    def announce(
        self, dataset: int, name: str, data: bytes, *args: Any, **changes: Any
    ) -> tuple[int, str]:
        """The number of a file that will be staged, and where it is to be put."""
        told = said(dataset, name, data, *args, **changes)
        answer = self.role.post(
            "mydata_dataset_file/",
            uploader_uuid=UUID,
            requester_key_fingerprint=FINGERPRINT,
            **told,
        )
        assert answer.status_code == 201, answer.text
        return int(answer.headers["location"].split("/")[-2]), answer.text

    def work(self) -> None:
        """What a hub worker does, until nothing is left to do."""
        ledger = DatabaseLedger()
        while claimed := ledger.claim(["hub"], "test"):
            for each in claimed:
                execute(each, ledger, stop=Flag())


def furnish(root: Path) -> Laboratory:
    """People with keys, two facilities, a volume."""
    ground = tree.ensure_root()
    facility, other = (
        tree.create_entity(by=SYSTEM, type="GROUP", name=name, parent=ground.root.id).id
        for name in ("Imaging", "Sequencing")
    )
    managers = tree.create_entity(by=SYSTEM, type="GROUP", name="Imaging_adm", parent=facility).id
    tree.set_grants(by=SYSTEM, subject=managers, object=facility, grant=MANAGING)
    programs = {name: _program(name) for name in ("facility", "owner", "mate", "stranger")}
    for name in ("facility", "mate"):
        entity = programs[name].actor.entity
        assert entity is not None
        tree.add_member(by=SYSTEM, member=entity, group=managers)
    entity = programs["stranger"].actor.entity
    assert entity is not None
    tree.set_grants(by=SYSTEM, subject=entity, object=other, grant=MANAGING)
    (root / "main").mkdir()
    location = f"posix:{root / 'main'}"
    archive.add_volume(by=SYSTEM, location=location, name="main", storage_set="s", role="main")
    administrator = person("administrator")
    assert administrator.entity is not None
    every = {f"COMPUTER_{act}" for act in ("READ", "PERM_SET", "CREATE")}
    tree.set_grants(by=SYSTEM, subject=administrator.entity, object=facility, grant=every)
    return Laboratory(
        root, facility, other, managers, programs["facility"], programs["owner"],
        programs["mate"], programs["stranger"], administrator,
    )  # fmt: skip


def _program(name: str) -> Program:
    actor = person(name)
    assert actor.entity is not None
    accounts.restore_user(entity=actor.entity, username=name, full_name=f"Jan {name}")
    accounts.change_user(by=SYSTEM, username=name, email=f"{name}@example.org")
    _, key = accounts.create_client_key(by=actor, name="program")
    return Program(actor, f"ApiKey {name}:{key}")
