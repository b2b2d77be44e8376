"""P4: the agent's second look at 100,000 unchanged files of a real hub, beside one look-up a file.

The files are sent once by the same agent, so that the hub's catalogue is what it would be.
"""

from __future__ import annotations

import json
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from bench.hub import OWNER, serving
from bench.result import Result
from bench.small_files import fill, sync, write_settings
from lagan.client import Hub, State, Wanted

NUMBER = "P4"
TITLE = "the agent's second look"
FILES = 100_000  # at scale 1
DATASETS = 100
SIZE = 16  # bytes of each file: what they hold is not looked at
WINDOW = 10_000  # files of one round trip
GOAL = 5.0  # seconds for all of them
SINGLE = 300  # look-ups that the peer's rate is taken from
COUNTED = """\
import sys
from lagan.client import Hub
asked, look_up = [], Hub.look_up
Hub.look_up = lambda hub, *wanted, **how: asked.append(1) or look_up(hub, *wanted, **how)
from lagan.cli import main
try:
    main()
finally:
    print(len(asked), file=sys.stderr)
"""
"""The agent as it is, that says at its end how often it asked."""


def run(scale: float) -> Result:
    """The ratio is goal / time; the goal is that of 100,000 files at either size."""
    count = round(FILES * scale)
    with tempfile.TemporaryDirectory() as name, serving(Path(name) / "hub") as hub:
        folder = Path(name)
        hub.facility("Imaging", "manager")
        hub.add_user(OWNER)
        key = hub.key("manager")
        for n in range(DATASETS):
            fill(folder / "data" / OWNER / f"dataset {n:03}", count // DATASETS, SIZE)
        config = write_settings(folder / "agent.ini", hub.url, key, folder / "data")
        began = time.perf_counter()
        sync(config)
        sent = time.perf_counter() - began
        look(config)
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        looks = sorted(look(config) for _ in range(3))
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        one = single(hub.url, key, str(hub.dataset("dataset 000", owner=OWNER)))
    taken, asked = looks[1]
    cpu = (after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime) / 3
    assert asked == -(-count // WINDOW), f"{asked} look-ups for {count} files"
    return Result(
        ratio=GOAL / taken,
        ours=f"{taken:.2f} s ({cpu:.2f} s of the agent's processor), {asked} round trips",
        peer=f"{one * count:.0f} s at one look-up a file",
        goal=1.0,
        notes=f"{count} files in {DATASETS} datasets, sent before in {sent:.1f} s; goal {GOAL:g} s "
        f"at either size; the peer's time is that of {SINGLE} look-ups",
        figures={"seconds": taken, "processor": cpu, "files": count, "single": one, "sent": sent},
        cost=taken,
    )


def look(config: Path) -> tuple[float, int]:
    """Seconds of a whole `lagan agent sync`, start of Python included, and its look-ups."""
    command = [sys.executable, "-c", COUNTED, "agent", "sync", "--json", "--config", str(config)]
    began = time.perf_counter()
    done = subprocess.run(command, capture_output=True, check=True, timeout=300)
    taken = time.perf_counter() - began
    report = json.loads(done.stdout.splitlines()[-1])
    assert report["already"] == report["found"], report
    return taken, int(done.stderr.split()[-1])


def single(url: str, key: str, dataset: str) -> float:
    """Seconds of one look-up of one file on a kept-alive connection."""
    hub = Hub(url, api_key=key)
    began = time.perf_counter()
    for n in range(SINGLE):
        (known,) = hub.look_up([Wanted(dataset, [(f"image_{n % 10:06}.tif", SIZE, 0)])])
        assert known.states[0] in (State.SAME, State.OTHER_TIME), known
    hub.close()
    return (time.perf_counter() - began) / SINGLE
