"""P9: a job over 1,000,000 paths against one over 10,000: memory flat, time linear, progress shown.

A workflow of two steps that do nothing, on paths that walks make up (20,000 each), so that what is
measured is the engine: walks, batches, outcomes, sums. A worker process runs the tasks on the
hub's SQLite; this one's child is the hub, which starts the job and reads its page and its failed
paths all the while. One path in a thousand fails.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from bench.result import Result

NUMBER = "P9"
TITLE = "a job over very many paths"
PATHS = 1_000_000  # at scale 1
FEW = 10_000
WALK = 20_000  # paths that one walk finds
BATCH = 500
FLAT = 0.8
"""Of a perfect ratio: measurements of one machine differ by as much."""


def run(scale: float) -> list[Result]:
    """Time a path and memory at 10,000 over the same at the large number; 1 is linear and flat."""
    small, large = measured(FEW), measured(round(PATHS * scale))
    return [_time(small, large), *(_memory(small, large, of) for of in ("worker", "hub"))]


def _time(small: dict[str, Any], large: dict[str, Any]) -> Result:
    each = [made["seconds"] / made["paths"] * 1e6 for made in (small, large)]
    return Result(
        ratio=each[0] / each[1],
        ours=f"{large['paths']} paths in {large['seconds']:.1f} s, {each[1]:.0f} µs each",
        peer=f"{small['paths']} paths in {small['seconds']:.1f} s, {each[0]:.0f} µs each",
        goal=FLAT,
        notes=f"progress seen {large['seen']} times, slowest look {large['slowest'] * 1e3:.0f} ms;"
        f" database {large['database'] / 1e6:.0f} MB",
        figures={name: float(large[name]) for name in ("seconds", "slowest", "seen", "database")},
        what="time a path",
        cost=large["seconds"],
    )


def _memory(small: dict[str, Any], large: dict[str, Any], of: str) -> Result:
    return Result(
        ratio=small[of] / large[of],
        ours=f"{large[of] / 1e6:.0f} MB at most at {large['paths']} paths",
        peer=f"{small[of] / 1e6:.0f} MB at {small['paths']}",
        goal=FLAT,
        figures={of: float(large[of])},
        what=f"memory of the {of}",
        cost=float(large[of]),
    )


def measured(paths: int) -> dict[str, Any]:
    """One job on a fresh database, in processes of their own."""
    with tempfile.TemporaryDirectory() as folder:
        settings = {"LAGAN_DATA": folder, "DJANGO_SETTINGS_MODULE": "lagan.hub.settings"}
        done = subprocess.run(
            [sys.executable, "-m", "bench.large_job", "hub", str(paths)],
            env={**os.environ, **settings},
            check=True,
            stdout=subprocess.PIPE,
            text=True,
        )
        size = sum(each.stat().st_size for each in Path(folder).glob("hub.sqlite3*"))
    return {**json.loads(done.stdout.splitlines()[-1]), "paths": paths, "database": size}


def hub(paths: int) -> dict[str, Any]:
    """Start the job, look at it until it has ended, and say how long that took."""
    from django.core.management import call_command

    from lagan.hub.base.actors import SYSTEM
    from lagan.hub.jobs import queries
    from lagan.hub.jobs.services import Stage, Submission, ensure_site, start

    call_command("migrate", verbosity=0)
    ensure_site(name="bench", limit=2)
    stages = [Stage("bench.first", "bench"), Stage("bench.second", "bench")]
    asked = Submission("bench", "Bench", "bench", [f"/0/{paths}"], stages, discovery="made-up")
    command = [sys.executable, "-m", "bench.large_job", "worker"]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as made:
        assert made.stdout is not None
        made.stdout.readline()  # it is ready
        began, seen, slowest = time.perf_counter(), set(), 0.0
        job = start(submission=asked, by=SYSTEM)
        while True:
            looked = time.perf_counter()
            row = queries.job(SYSTEM, job.pk)
            queries.item_outcomes(SYSTEM, job.pk, "failed", size=100)
            slowest = max(slowest, time.perf_counter() - looked)
            seen.add((row.total, row.processed))
            if row.finished:
                break
            time.sleep(0.2)
        seconds = time.perf_counter() - began
        told, _ = made.communicate("\n")
    counted = (row.total, row.processed, row.failed)
    if counted != (paths, paths - paths // 1000, paths // 1000):
        raise SystemExit(f"the sums are wrong: {counted}")
    memory = {"hub": _peak(), "worker": int(told)}
    return {"seconds": seconds, "seen": len(seen), "slowest": slowest, **memory}


def worker() -> int:
    """Run tasks until a line comes in; the memory that this took at most, in bytes."""
    from threading import Event, Thread

    from lagan.hub.jobs.changes import DatabaseWaker
    from lagan.hub.jobs.ledger import DatabaseLedger
    from lagan.worker import embedded
    from lagan.worker.steps import register_step

    register_step("discover.made-up", walk)
    register_step("bench.first", touch)
    register_step("bench.second", touch)
    stop = Event()
    serving = Thread(
        target=embedded.serve,
        args=(embedded.Worker("bench", ["bench"], 2), DatabaseLedger(), DatabaseWaker(), stop),
    )
    serving.start()
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    sys.stdin.readline()
    stop.set()
    serving.join()
    return _peak()


def walk(context: Any, args: Mapping[str, Any], items: Sequence[str]) -> None:
    """`/FROM/TO` holds that many files; what is beyond a walk's share is left to others."""
    for item in items:
        first, end = map(int, item.split("/")[1:])
        mine = min(end, first + WALK)
        for at in range(first, mine, BATCH):
            names = [f"/mmfs1/data/projects/{n // 1000:06}/image-{n:09}.tif"
                     for n in range(at, min(at + BATCH, mine))]  # fmt: skip
            context.found(names, BATCH << 20)
            context.progress(at - first)
        if mine < end:
            half = (mine + end) // 2
            parts = ((mine, half), (half, end))
            for part in parts:
                if part[0] < part[1]:
                    context.leave_to_others([f"/{part[0]}/{part[1]}"])


def touch(context: Any, args: Mapping[str, Any], items: Sequence[str]) -> None:
    """Nothing for each path, but that one in a thousand fails at the second step."""
    for number, item in enumerate(items):
        if context.task.step == "bench.second" and item.endswith("999.tif"):
            context.fail_item(item, "failed.gone", "It is gone.")
        context.progress(number + 1, (number + 1) << 20)


def _peak() -> int:
    """The most memory that this process ever had, in bytes."""
    status = Path("/proc/self/status").read_text()
    return int(status.partition("VmHWM:")[2].split()[0]) * 1024


def main() -> None:
    import django

    django.setup()
    if sys.argv[1] == "hub":
        print(json.dumps(hub(int(sys.argv[2]))))
    else:
        print(worker())


if __name__ == "__main__":
    main()
