"""P3: small files from the agent's disk to acknowledged, beside one PUT a file on four connections.

Both keep the same promises at the same hub. The agent's time is that of the whole `lagan agent
sync`: start of Python, scan, look-up, sending and the question whether all arrived.
"""

from __future__ import annotations

import json
import os
import subprocess
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from itertools import count
from pathlib import Path

from bench.hub import OWNER, Served, serving
from bench.result import Result, interleaved
from bench.transfer import Connection, request
from tests.services.hub import LAGAN

NUMBER, TITLE = "P3", "small files"
FILES = 10_000  # at scale 1
SIZE = 4096  # bytes of each
CONNECTIONS = 4
SINGLES = 1000  # PUTs at most that the peer's rate is taken from
INGEST_BEFORE = 5.0  # files/s of the ingest that our users come from
_numbers = count()


def run(scale: float) -> list[Result]:
    """Ratios of files per second."""
    files, rounds = round(FILES * scale), 3
    singles = min(SINGLES, files)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        with serving(folder / "hub") as hub:
            hub.facility("Imaging", "manager")
            hub.add_user(OWNER)
            key = hub.key("manager")
            put_each(hub, 100)
            agent, single = interleaved(
                rounds,
                lambda: sync_fresh(hub, folder, key, files) / files,
                lambda: put_each(hub, singles) / singles,
            )
    ours = f"{1 / agent:.0f} files/s ({agent * files:.2f} s)"
    figures = {"agent": agent, "single": single, "files": files}
    return [
        Result(
            what=f"against one PUT a file on {CONNECTIONS} connections",
            ratio=single / agent,
            ours=ours,
            peer=f"{1 / single:.0f} files/s",
            goal=10.0,
            notes=f"{files} files of 4 KiB, medians of {rounds}; the peer's rate from {singles}",
            figures=figures,
            cost=agent * files,
        ),
        Result(
            what="against the ingest before",
            ratio=1 / agent / INGEST_BEFORE,
            ours=ours,
            peer=f"{INGEST_BEFORE:g} files/s",
            goal=500.0,
            notes="the peer's rate is that of published installations, not measured here",
            figures=figures,
        ),
    ]


def sync_fresh(hub: Served, folder: Path, key: str, files: int) -> float:
    """Seconds in which the agent brings a folder of new files to the hub."""
    number = next(_numbers)
    data = folder / f"data {number}"
    fill(data / OWNER / f"dataset {number}", files)
    config = write_settings(folder / f"agent-{number}.ini", hub.url, key, data)
    os.sync()
    began = time.perf_counter()
    report = sync(config)
    taken = time.perf_counter() - began
    assert report["sent"] == files == report["archived"], report
    return taken


def fill(folder: Path, files: int, size: int = SIZE) -> None:
    folder.mkdir(parents=True)
    noise = os.urandom(size * 2)
    for n in range(files):
        (folder / f"image_{n:06}.tif").write_bytes(noise[n % size :][:size])


def write_settings(config: Path, url: str, key: str, data: Path) -> Path:
    """An agent's configuration for this hub; its state lies beside it."""
    settings = {
        "instrument_name": "Microscope",
        "facility_name": "Imaging",
        "data_directory": data,
        "hub_url": url,
        "username": "manager",
        "api_key": key,
        "state_directory": config.with_suffix(""),
        "ignore_new_files": False,
    }
    lines = [f"{key} = {value}\n" for key, value in settings.items()]
    config.write_text("[agent]\n" + "".join(lines))
    return config


def sync(config: Path) -> dict[str, int]:
    """Run the real agent once; its report."""
    command = [str(LAGAN), "agent", "sync", "--json", "--config", str(config)]
    done = subprocess.run(command, capture_output=True, check=False, timeout=600)
    assert done.returncode == 0, (done.stdout[-2000:], done.stderr[-2000:])
    report: dict[str, int] = json.loads(done.stdout.splitlines()[-1])
    return report


def put_each(hub: Served, files: int) -> float:
    """Seconds of one PUT a file, the files read from the disk, with as little client as can be."""
    number = next(_numbers)
    dataset, who = hub.dataset(f"singles {number}", owner=OWNER), hub.authorization()
    source = hub.folder / f"singles {number}"
    fill(source, files)
    paths = sorted(source.iterdir())

    def send(mine: list[Path]) -> None:
        connection = Connection(hub.url)
        for path in mine:
            url = hub.put_url(dataset, path.name)
            head = request("PUT", url, who, f"Content-Length: {path.stat().st_size}")
            status, _ = connection.ask(head + path.read_bytes())
            assert status == 201, status
        connection.close()

    began = time.perf_counter()
    with ThreadPoolExecutor(CONNECTIONS) as pool:
        list(pool.map(send, [paths[n::CONNECTIONS] for n in range(CONNECTIONS)]))
    return time.perf_counter() - began
