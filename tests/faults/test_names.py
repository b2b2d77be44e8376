"""Names that people and attackers give to files, through every door: given back exactly, or refused
by name; nothing escapes its dataset."""

from __future__ import annotations

import base64
import io
import json
import tarfile
import zipfile
from collections.abc import Callable, Iterator
from contextlib import closing
from http.client import HTTPConnection
from pathlib import Path
from typing import Any
from urllib.parse import quote

import httpx
import pytest

from tests.agent.conftest import Bench
from tests.agent.strange import names
from tests.faults.sending import STREAM, TUS
from tests.services.hub import Hub, until

HOSTILE = [
    "..", ".", "../up", "a/../../up", "/etc/passwd", "//x", "a//b", "a/", "./x", "a/.", "a/..",
    "..\\up", "a\\..\\up", "\\\\host\\share", "C:\\windows", "C:/windows", "nul\0byte", "\0",
    "x" * 256, "é" * 128, "/".join(["deep" * 10] * 110), "../" * 40 + "etc/passwd",
    "\udcff", "caf\udce9.txt", "a/\udc80/b", ".lagan/volume.json/../../x",
]  # fmt: skip
"""Every door refuses these; those with surrogates are bytes that are not UTF-8."""
ODD = [
    *names(), ".lagan/volume.json", ".lagan/journal/000001.jsonl", "a b/ c /d .", "con/aux/nul.txt",
    "files/2026/01/01/00/x", "packs/x.tar", "%2e%2e/%2e%2e/etc/passwd", "..%2fx", "....//x"[:4],
    "... /..x/x..", "a/…/b", "content/x", "zip", "?query", "#part", "a;b=c", "&amp;",
]  # fmt: skip
WINDOWS = ["C:", "C:\\x", "\\"]
"""Of the odd ones those that a Windows program would unpack somewhere else."""
Problem = dict[str, Any]
Door = Callable[[httpx.Client, int, str, bytes], Problem | None]
"""Takes a file in; the problem when it was refused."""


def raw(name: str) -> bytes:
    return name.encode("utf-8", "surrogateescape")


def put(client: httpx.Client, dataset: int, name: str, data: bytes) -> Problem | None:
    # A client library resolves `..` before it asks; the standard library's sends what it is told.
    target = f"/api/datasets/{dataset}/content/{quote(raw(name), safe='/')}"
    at = client.base_url
    connection = HTTPConnection(at.host, at.port, timeout=60)
    with closing(connection):
        connection.request("PUT", target, data, {"Authorization": client.headers["Authorization"]})
        answer = connection.getresponse()
        told = answer.read()
    assert answer.status < 500, told
    return None if answer.status < 300 else dict(json.loads(told))


def tus(client: httpx.Client, dataset: int, name: str, data: bytes) -> Problem | None:
    facts = {"dataset": str(dataset).encode(), "path": raw(name)}
    about = ",".join(f"{key} {base64.b64encode(value).decode()}" for key, value in facts.items())
    headers = {**STREAM, "Upload-Length": str(len(data)), "Upload-Metadata": about}
    return problem(client.post("/api/uploads/", headers={**headers, **TUS}, content=data))


def batch(client: httpx.Client, dataset: int, name: str, data: bytes) -> Problem | None:
    stream = io.BytesIO()
    with tarfile.open(
        fileobj=stream, mode="w", format=tarfile.PAX_FORMAT, errors="surrogateescape"
    ) as tar:
        info = tarfile.TarInfo(f"{dataset}/{name}")
        info.size = len(data)
        if "\0" in name:  # a header would end there
            info.pax_headers = {"path": info.name}
        tar.addfile(info, io.BytesIO(data))
    answer = client.post("/api/uploads/batch/", content=stream.getvalue())
    if (found := problem(answer)) is not None:
        return found
    (line,) = [json.loads(each) for each in answer.text.splitlines()]
    told: Problem | None = line.get("error")
    return told


def problem(answer: httpx.Response) -> Problem | None:
    if answer.is_success:
        return None
    assert answer.status_code < 500, answer.text
    return dict(answer.json())


@pytest.fixture
def dataset(hub: Hub, request: pytest.FixtureRequest) -> int:
    return hub.dataset(request.node.name, owner="alice")


@pytest.fixture
def alice(hub: Hub, dataset: int) -> Iterator[httpx.Client]:
    with hub.as_user("alice") as client:
        yield client


def listed(client: httpx.Client, dataset: int, folder: str = "") -> Iterator[str]:
    query: dict[str, Any] = {"folder": folder}
    while True:
        page = client.get(f"/api/datasets/{dataset}/files/", params=query).json()
        for row in page["results"]:
            if row["is_folder"]:
                yield from listed(client, dataset, row["path"])
            else:
                yield row["path"]
        if not page["next"]:
            return
        query["after"] = page["next"]


def zipped(client: httpx.Client, dataset: int) -> dict[str, bytes]:
    """The zip's members by their names below its only folder."""
    answer = client.get(f"/api/datasets/{dataset}/zip")
    with zipfile.ZipFile(io.BytesIO(answer.content)) as held:
        assert held.testzip() is None
        return {each.orig_filename.partition("/")[2]: held.read(each) for each in held.infolist()}


@pytest.mark.fault
@pytest.mark.slow
@pytest.mark.parametrize("door", [put, tus, batch])
def test_odd_names_come_back_exactly(hub: Hub, dataset: int, alice, door: Door) -> None:
    given = {name: f"content of {n}".encode() for n, name in enumerate(dict.fromkeys(ODD))}
    assert len(given) >= 250
    told = {name: door(alice, dataset, name, data) for name, data in given.items()}
    refused = {name: each["type"] for name, each in told.items() if each is not None}
    assert refused == dict.fromkeys(WINDOWS, "/problems/bad-path")
    for name in WINDOWS:
        del given[name]
    for name, data in given.items():
        path = f"/api/datasets/{dataset}/content/{quote(name)}".encode()
        got = alice.get(alice.base_url.copy_with(raw_path=path))
        assert (got.status_code, got.content) == (200, data), ascii(name)
    assert sorted(listed(alice, dataset)) == sorted(given)
    assert zipped(alice, dataset) == given


@pytest.mark.fault
@pytest.mark.slow
@pytest.mark.parametrize("door", [put, tus, batch])
def test_hostile_names_are_refused_by_name(hub: Hub, dataset: int, alice, door: Door) -> None:
    objects, waiting, elsewhere = set(hub.objects()), set(hub.incoming()), outside(hub)
    for name in HOSTILE:
        told = door(alice, dataset, name, b"hostile")
        assert told is not None, f"{ascii(name)} was taken"
        kind = told["type"].removeprefix("/problems/")
        assert kind in {"bad-path", "bad-input", "bad-batch", "not-found"}, (ascii(name), told)
    assert list(listed(alice, dataset)) == []
    assert set(hub.objects()) <= objects
    until(lambda: set(hub.incoming()) <= waiting)
    assert outside(hub) <= elsewhere


def outside(hub: Hub) -> set[str]:
    """What lies beside the volumes, but the hub's own database, logs and locks."""
    own = {"data", "up.log", "password"}
    return {each.name for each in hub.folder.iterdir()} - own | {
        each.name for each in hub.data.iterdir()
    } - {"hub.sqlite3", "hub.sqlite3-wal", "hub.sqlite3-shm"}


@pytest.mark.fault
@pytest.mark.slow
def test_the_agent_sends_odd_names(hub: Hub, tmp_path: Path) -> None:
    hub.facility("Imaging", "manager")
    hub.add_user("alice")
    bench = Bench(tmp_path, hub)  # type: ignore[arg-type]
    bench.given |= {"username": "manager", "api_key": hub.key("manager")}
    bench.given["instrument_name"] = "Odd"
    for n, name in enumerate(names()):
        bench.file(f"alice/agent odd/{name}", f"content of {n}".encode())
    (bench.data / "alice/agent odd").joinpath("x").with_name("caf\udce9").write_bytes(b"latin 1")
    code, out, err = bench.run("sync")
    refused = {each["path"]: each for each in bench.last()["refused"]}
    with hub.as_user("alice") as client:
        rows = client.get("/api/datasets/", params={"text": "agent odd"}).json()["results"]
        (dataset,) = [row["id"] for row in rows]
        kept = zipped(client, dataset)
    local = {path.removeprefix("alice/agent odd/"): data for path, data in bench.local().items()}
    local.pop("caf\udce9")
    missing = local.keys() - kept.keys()
    assert {name: data for name, data in local.items() if name in kept} == kept
    assert all(any(name in path for path in refused) for name in missing), (missing, refused)
    assert any("caf" in path for path in refused), (code, out, err, bench.last())
