"""Many who write one name at the same moment: each acknowledged version exists, none twice, none
missing; two agents with one folder make one copy."""

from __future__ import annotations

import io
import json
import shutil
import tarfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier

import httpx
import pytest

from tests.agent.conftest import Bench
from tests.faults.sending import sha
from tests.faults.victim import Judge
from tests.services.hub import Hub

WRITERS = 32


@pytest.fixture
def judge(hub: Hub) -> Iterator[Judge]:
    made = Judge(hub.data, hub.environment)
    yield made
    made.close()


def put(client: httpx.Client, dataset: int, data: bytes) -> tuple[int, str]:
    told = client.put(f"/api/datasets/{dataset}/content/one name", content=data)
    assert told.status_code == 201, told.text
    return told.json()["version"], told.json()["sha256"]


def batch(client: httpx.Client, dataset: int, data: bytes) -> tuple[int, str]:
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w") as tar:
        info = tarfile.TarInfo(f"{dataset}/one name")
        info.size = len(data)
        tar.addfile(info, io.BytesIO(data))
    told = client.post("/api/uploads/batch/", content=stream.getvalue())
    (line,) = map(json.loads, told.text.splitlines())
    assert line["status"] == "stored", line
    return line["version"], line["sha256"]


@pytest.mark.fault
@pytest.mark.slow
def test_every_acknowledged_version_is_there(hub: Hub, judge: Judge) -> None:
    datasets = [hub.dataset(f"crowd {n}", owner="alice") for n in range(2)]
    key, together = hub.key("alice"), Barrier(WRITERS)

    def write(number: int) -> tuple[int, tuple[int, str], bytes]:
        dataset, act = datasets[number % 2], (put, batch)[number // 2 % 2]
        data = b"written by %d\n" % number * (number * 50) or b"nothing"
        headers = {"Authorization": f"Api-Key {key}"}
        with httpx.Client(base_url=hub.url, headers=headers, timeout=60) as client:
            together.wait(100)
            return dataset, act(client, dataset, data), data

    with ThreadPoolExecutor(WRITERS) as pool:
        told = list(pool.map(write, range(WRITERS)))
    for _, (_, digest), data in told:
        assert digest == sha(data)
    for dataset in datasets:
        mine = {version: data for where, (version, _), data in told if where == dataset}
        assert sorted(mine) == list(range(1, WRITERS // 2 + 1))
        expected = [[version, sha(data)] for version, data in sorted(mine.items())]
        assert judge.ask("read", str(dataset)) == {"one name": expected}
        with hub.as_user("alice") as client:
            last = client.get(f"/api/datasets/{dataset}/content/one name").content
            assert last == mine[max(mine)]
            assert client.get(f"/api/datasets/{dataset}/").json()["file_count"] == 1


@pytest.mark.fault
@pytest.mark.slow
def test_two_agents_with_one_folder_make_one_copy(hub: Hub, judge: Judge, tmp_path: Path) -> None:
    hub.facility("Imaging", "manager")
    hub.add_user("alice")
    bench = Bench(tmp_path, hub)  # type: ignore[arg-type]
    bench.given |= {"username": "manager", "api_key": hub.key("manager")}
    bench.given["instrument_name"] = "Twins"
    for n in range(80):
        bench.file(f"alice/twins/{n}.tif", b"%d" % n * 3000)
    bench.file("alice/twins/large.raw", bytes(range(256)) * 40_000)
    # One machine lets one agent at a folder; two that mount it do not know of each other.
    shutil.copytree(bench.data, tmp_path / "mounted")
    agents = []
    for name, folder in (("left", bench.data), ("right", tmp_path / "mounted")):
        bench.config = tmp_path / f"{name}.ini"
        given = {"state_directory": tmp_path / name, "data_directory": folder}
        agents.append(bench.start("sync", **given))
    for agent in agents:
        out, err = agent.communicate(timeout=300)
        assert agent.returncode == 0, out + err
    with hub.as_user("alice") as client:
        rows = client.get("/api/datasets/", params={"text": "twins"}).json()["results"]
    (dataset,) = [row["id"] for row in rows]
    expected = {
        path.removeprefix("alice/twins/"): [[1, sha(data)]] for path, data in bench.local().items()
    }
    assert judge.ask("read", str(dataset)) == expected
