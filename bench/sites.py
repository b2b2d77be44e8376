"""B1: the first page of a folder of 10,000 files at a site, asked for at the hub and answered by
the site's worker; and how fast walks find 200,000 files.

Hub and worker are processes on one database, so that the question goes the way of every question.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from statistics import median, quantiles
from typing import Any

from bench.result import Result, interleaved

NUMBER = "B1"
TITLE = "browsing and walking a site"
ENTRIES, FILES = 10_000, 200_000  # at scale 1
FOLDERS = 200
PAGE_GOAL = 0.300  # seconds
WALK_GOAL = 20_000  # files a second: a million in less than a minute
ROUNDS = 50
PATIENCE = 60.0  # seconds until the worker is there


def run(scale: float) -> list[Result]:
    """Ratios: goal / time of a page, files a second / goal."""
    return [page(round(ENTRIES * scale)), walk(round(FILES * scale))]


def page(entries: int) -> Result:
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder) / "site"
        make(root, entries, 1)
        told = measured(Path(folder), root)
        (plain,) = interleaved(5, lambda: timed(lambda: call(["ls", "-la", str(root / "run 000")])))
    return Result(
        what="first page of a folder",
        ratio=PAGE_GOAL / told["p95"],
        ours=f"{told['median'] * 1000:.0f} ms, p95 {told['p95'] * 1000:.0f} ms",
        peer=f"`ls -la` of all of it {plain * 1000:.0f} ms",
        goal=1.0,
        notes=f"goal 300 ms; {entries} files, 200 on a page, with their states",
        figures={**told, "ls": plain},
        cost=told["median"],
    )


def walk(files: int) -> Result:
    from lagan.worker.place import Place, serving

    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        make(root, files, FOLDERS)
        with serving(Place(roots=(root,))):
            ours, find = interleaved(
                3,
                lambda: timed(lambda: walked(root, files)),
                lambda: timed(lambda: call(["find", str(root), "-printf", "%s %p\\0"])),
            )
    return Result(
        what="files found by one walk after the other",
        ratio=files / ours / WALK_GOAL,
        ours=f"{files / ours:,.0f} files/s",
        peer=f"find {files / find:,.0f} files/s",
        goal=1.0,
        notes=f"goal {WALK_GOAL:,} files/s, so that no walk is what a job waits for; warm cache",
        figures={"walk": ours, "find": find},
        cost=ours,
    )


def measured(folder: Path, root: Path) -> dict[str, float]:
    """Seconds of a page, asked for by a process of its own, the hub's."""
    kept = {name: v for name, v in os.environ.items() if not name.startswith("POSTGRES_")}
    settings = {"LAGAN_DATA": str(folder), "DJANGO_SETTINGS_MODULE": "lagan.hub.settings"}
    done = subprocess.run(
        [sys.executable, "-m", "bench.sites", str(root)],
        env={**kept, **settings},
        check=True,
        stdout=subprocess.PIPE,
        text=True,
    )
    found: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return found


def ask(root: Path) -> dict[str, float]:
    """As the hub: set up a site, start its worker, ask for the page again and again."""
    import django
    from django.core.management import call_command

    django.setup()
    call_command("migrate", verbosity=0)

    from lagan.hub.base.actors import SYSTEM
    from lagan.hub.jobs import browsing, presence
    from lagan.hub.jobs.services import ensure_site

    ensure_site(name="lab")
    command = [sys.executable, "-m", "lagan", "worker", "--site", "lab", "--root", str(root)]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as worker:
        try:
            until = time.monotonic() + PATIENCE
            while not presence.is_online("lab") and time.monotonic() < until:
                time.sleep(0.05)
            folder = str(root / "run 000")
            times = [
                timed(lambda: browsing.folder(actor=SYSTEM, site="lab", path=folder, details=True))
                for _ in range(ROUNDS)
            ]
        finally:
            worker.terminate()
    return {"median": median(times), "p95": quantiles(times, n=20)[-1]}


def make(root: Path, files: int, folders: int) -> None:
    for number in range(folders):
        folder = root / f"run {number:03}"
        folder.mkdir(parents=True)
        for each in range(files // folders):
            os.mknod(folder / f"image_{each:06}.tif")


def walked(root: Path, files: int) -> None:
    from lagan.worker.site import walking
    from tests.worker.told import Told

    class Counting(Told):
        count = 0

        def found(self, items: Sequence[str], size: int) -> None:
            self.count += len(items)

    told, waiting = Counting(), [[str(root)]]
    while waiting:
        walking.recursive(told, {}, waiting.pop())
        waiting += told.walks
        told.walks = []
    if told.count != files:
        raise SystemExit(f"The walks found {told.count} of {files} files.")


def timed(act: Callable[[], Any]) -> float:
    began = time.perf_counter()
    act()
    return time.perf_counter() - began


def call(command: list[str]) -> None:
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)


if __name__ == "__main__":
    sys.stdout.write(json.dumps(ask(Path(sys.argv[1]))))
