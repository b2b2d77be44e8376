"""P13: a hub from its start to its first page, `lagan --help`, and a page beside four bulk uploads.

Page and uploads are of the same hub on the same machine, whose cores the clients use too.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from statistics import median, quantiles

import httpx

from bench.hub import OWNER, Served, serving
from bench.result import Result, interleaved
from bench.transfer import make_noise, upload
from tests.services.hub import PASSWORD

NUMBER = "P13"
TITLE = "starting and answering"
FIRST_PAGE_GOAL = 3.0  # seconds
HELP_GOAL = 0.150  # seconds
BUSY_GOAL = 3.0  # times as slow as on an idle hub
UPLOADS = 4
UPLOAD = 256 << 20  # bytes of each upload at scale 1; they follow each other
PAGES = 200  # at scale 1
LIMIT = 30.0  # seconds of uploads at most, whatever the pages do
_numbers = count()


def run(scale: float) -> list[Result]:
    """Ratios are goal / time; for the busy page 1 / how much slower it is."""
    with tempfile.TemporaryDirectory() as folder:
        return [helped(scale), started(Path(folder) / "up", scale), busy(Path(folder), scale)]


def helped(scale: float) -> Result:
    rounds = max(3, round(10 * scale))
    help_, python = interleaved(
        rounds, lambda: timed("-m", "lagan", "--help"), lambda: timed("-c", "")
    )
    return Result(
        what="lagan --help",
        ratio=HELP_GOAL / help_,
        ours=f"{help_ * 1000:.0f} ms",
        peer=f"Python alone {python * 1000:.0f} ms",
        goal=1.0,
        notes=f"goal 150 ms; median of {rounds}",
        figures={"help": help_, "python": python},
    )


def started(data: Path, scale: float) -> Result:
    starts = max(1, round(3 * scale))
    first = start_hub(data)
    (again,) = interleaved(starts, lambda: start_hub(data))
    return Result(
        what="start to first page",
        ratio=FIRST_PAGE_GOAL / again,
        ours=f"{again:.2f} s",
        peer="none",
        goal=1.0,
        notes=f"goal 3 s; the very first start makes the database: {first:.2f} s",
        figures={"first": first, "again": again},
    )


def timed(*arguments: str) -> float:
    began = time.perf_counter()
    subprocess.run([sys.executable, *arguments], check=True, stdout=subprocess.DEVNULL)
    return time.perf_counter() - began


def start_hub(data: Path) -> float:
    """Seconds until `lagan up` says that its pages answer; the hub is ended again."""
    command = [sys.executable, "-m", "lagan", "up", "--json", "--port", "0", "--data", str(data)]
    began = time.perf_counter()
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as hub:
        assert hub.stdout is not None
        said = hub.stdout.readline()
        taken = time.perf_counter() - began
        hub.terminate()
    if not said:
        raise SystemExit("The hub did not start.")
    return taken


def busy(folder: Path, scale: float) -> Result:
    """One signed-in reader's page of a dataset, with and without four uploads beside it."""
    source = make_noise(folder / "noise", int(UPLOAD * scale))
    with serving(folder / "hub") as hub:
        dataset = hub.dataset("bulk", owner=OWNER)
        page = f"/datasets/{dataset}/"
        with reader(hub) as client:
            pages = max(50, round(PAGES * scale))
            look(client, page, pages // 4)
            idle = look(client, page, pages)
            with uploading(hub, source, dataset):
                loaded = look(client, page, pages)
    slower = median(loaded) / median(idle)
    tails = [quantiles(each, n=100)[98] * 1000 for each in (idle, loaded)]
    return Result(
        what=f"a page beside {UPLOADS} bulk uploads",
        ratio=1 / slower,
        ours=f"median {median(loaded) * 1000:.1f} ms, 99 of 100 within {tails[1]:.0f} ms",
        peer=f"idle: {median(idle) * 1000:.1f} ms, 99 of 100 within {tails[0]:.0f} ms",
        goal=round(1 / BUSY_GOAL, 3),
        notes=f"{slower:.1f} times as slow; goal under 3; {pages} pages",
        figures={"idle": median(idle), "busy": median(loaded)},
    )


@contextmanager
def reader(hub: Served) -> Iterator[httpx.Client]:
    """A person who has signed in as a browser does."""
    with httpx.Client(base_url=hub.url, timeout=60, headers={"Referer": hub.url}) as client:
        client.get("/login/")
        words = {
            "username": OWNER,
            "password": PASSWORD,
            "csrfmiddlewaretoken": client.cookies["csrftoken"],
        }
        answer = client.post("/login/", data=words)
        assert answer.status_code == 302, answer.text
        yield client


def look(client: httpx.Client, page: str, times: int) -> list[float]:
    taken = []
    for _ in range(times):
        began = time.perf_counter()
        answer = client.get(page)
        taken.append(time.perf_counter() - began)
        assert answer.status_code == 200, answer.status_code
    return taken


@contextmanager
def uploading(hub: Served, source: Path, dataset: int) -> Iterator[None]:
    """Four uploads at any moment, each followed by the next, until the block ends or LIMIT."""
    who, enough = hub.authorization(), threading.Event()
    deadline = time.monotonic() + LIMIT

    def go_on() -> None:
        while not enough.is_set() and time.monotonic() < deadline:
            name = f"{next(_numbers)}.bin"
            upload(source, hub.put_url(dataset, name), who)

    os.sync()
    with ThreadPoolExecutor(UPLOADS) as pool:
        running = [pool.submit(go_on) for _ in range(UPLOADS)]
        try:
            yield
        finally:
            late = time.monotonic() > deadline
            enough.set()
        for each in running:
            each.result()
    assert not late, "the uploads ended before the pages"
