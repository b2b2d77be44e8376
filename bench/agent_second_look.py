"""P4: the agent's second look at 100,000 unchanged files, beside one look-up a file.

The hub is the small one of the agent's tests in a process of its own, which answers at once: what
is measured is the agent and the way, not the hub's database.
"""

from __future__ import annotations

import json
import multiprocessing
import os
import resource
import subprocess
import sys
import tempfile
import time
from multiprocessing.connection import Connection
from pathlib import Path

from bench.result import Result
from lagan.client import Hub, State, Wanted
from tests.agent.hub import KEY, TestHub

NUMBER = "P4"
TITLE = "the agent's second look at 100,000 files"
FILES = 100_000
GOAL = 5.0  # seconds for all of them
SINGLE = 300  # look-ups that the peer's rate is taken from


def run(scale: float) -> Result:
    """The ratio is goal / time, whatever the scale."""
    count = round(FILES * scale)
    ours_end, theirs = multiprocessing.Pipe()
    hub = multiprocessing.Process(target=serve, args=(theirs,), daemon=True)
    hub.start()
    url = ours_end.recv()
    try:
        with tempfile.TemporaryDirectory() as folder:
            config = fill(Path(folder), count, url)
            look(config)
            before = resource.getrusage(resource.RUSAGE_CHILDREN)
            times = sorted(look(config) for _ in range(3))
            after = resource.getrusage(resource.RUSAGE_CHILDREN)
            ours_end.send("requests")
            asked = ours_end.recv()
        one = single(url)
    finally:
        ours_end.send("end")
        hub.join()
    cpu = (after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime) / 3
    assert asked == -(-count // 10_000), f"{asked} look-ups for {count} files"
    return Result(
        ratio=GOAL / times[1],
        ours=f"{times[1]:.2f} s ({cpu:.2f} s of processor), {asked} round trips",
        peer=f"{one * count:.0f} s at one look-up a file",
        goal=1.0,
        notes=f"{count} files in 100 datasets; the peer's time is that of {SINGLE} look-ups",
        figures={"seconds": times[1], "processor": cpu, "files": count, "single": one},
    )


def serve(end: Connection) -> None:
    """A hub that has every file; says how many look-ups the last run needed."""
    with TestHub() as hub:
        hub.state_of = lambda dataset, row: (1, None)  # type: ignore[method-assign]
        end.send(hub.url)
        while end.recv() != "end":
            last = hub.requests[
                : -1 - hub.requests[::-1].index(("POST", "/api/ingest/instruments/"))
            ]
            since = hub.requests[len(last) :]
            end.send(sum(path == "/api/ingest/lookup/" for _, path in since))


def fill(folder: Path, count: int, url: str) -> Path:
    data = folder / "data"
    for n in range(100):
        made = data / "anna" / f"dataset {n}"
        made.mkdir(parents=True)
        for m in range(count // 100):
            (made / f"image_{m:06}.tif").touch()
    settings = {
        "instrument_name": "Microscope",
        "facility_name": "Imaging",
        "data_directory": data,
        "hub_url": url,
        "username": "facility",
        "api_key": KEY,
        "state_directory": folder / "state",
        "ignore_new_files": False,
    }
    config = folder / "agent.ini"
    config.write_text(
        "[agent]\n" + "".join(f"{key} = {value}\n" for key, value in settings.items())
    )
    return config


def look(config: Path) -> float:
    """Seconds of a whole `lagan agent sync`, start of Python included."""
    command = [
        sys.executable,
        "-c",
        "from lagan.cli import main; main()",
        "agent",
        "sync",
        "--json",
    ]
    started = time.perf_counter()
    done = subprocess.run(
        [*command, "--config", str(config)], capture_output=True, check=True, env=os.environ
    )
    taken = time.perf_counter() - started
    report = json.loads(done.stdout.splitlines()[-1])
    assert report["already"] == report["found"], report
    return taken


def single(url: str) -> float:
    """Seconds of one look-up of one file on a kept-alive connection."""
    hub = Hub(url, api_key=KEY)
    started = time.perf_counter()
    for n in range(SINGLE):
        (known,) = hub.look_up([Wanted("d0", [(f"image_{n:06}.tif", 0, 0)])])
        assert known.states == [State.SAME]
    hub.close()
    return (time.perf_counter() - started) / SINGLE
