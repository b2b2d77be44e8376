"""P7: a page of datasets filtered by two metadata keys, at 1,000,000 datasets and at 10,000.

Both databases, four askers (everything, a tenth, ten datasets, 500 scattered groups) and pairs of
keys from common to rare, some that never meet. Each case is a whole page as the API gives it, rows
included, asked several times in one process; the peer is the same page at a hundredth of the size.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from typing import Any

from bench.result import Result

NUMBER = "P7"
TITLE = "a page of a search"
DATASETS = 1_000_000  # at scale 1
GOAL = 0.150  # seconds, 95 of 100 pages
GROWTH = 3.0
ROUNDS = 7
ASKERS = ("all", "tenth", "ten", "scattered")
CASES = {
    "common and common": (".Sample = quartz", ".Half = odd"),
    "common and rare": (".Rare = yes", ".Half = odd"),
    "a hundredth and a half": (".Batch = batch 11", ".Half = even"),
    "a hundredth and a range": (".Batch = batch 11", ".Temperature > 390"),
    "a narrow range and a half": (".Temperature > 399.8", ".Half = odd"),
    "two that never meet": (".Batch = batch 7", ".Sample = mica"),
    "patterns": (".Sample like qu*", ".Batch like *1"),
    "not this and a range": (".Sample != quartz", ".Temperature < 100"),
}
SETTINGS = {"shared_buffers": "512MB"}
"""PostgreSQL's, beside those of the tests: a server that is for one hub."""


def run(scale: float) -> list[Result]:
    """The ratio is goal / time for the pages' 95th percentile, and the permitted growth over the
    growth for their median."""
    results: list[Result] = []
    for database in ("SQLite", "PostgreSQL"):
        large, small = (_measured(database, round(DATASETS * scale * part)) for part in (1, 0.01))
        results += _results(database, large, small)
    return results


def _results(database: str, large: dict[str, Any], small: dict[str, Any]) -> list[Result]:
    every, before = _flat(large), _flat(small)
    slow = _percentile(every)
    worst = max(large["cases"], key=lambda each: _percentile(large["cases"][each]))
    grown = max(
        (median(times) / median(small["cases"][name]), name)
        for name, times in large["cases"].items()
    )
    ratio = median(every) / median(before)
    filled = f"{large['datasets']} datasets filled in {large['seconds']:.0f} s"
    return [
        Result(
            ratio=GOAL / slow,
            ours=f"95 of 100 within {slow * 1e3:.0f} ms, median {median(every) * 1e3:.0f} ms",
            peer=f"goal {GOAL * 1e3:.0f} ms",
            goal=1.0,
            notes=f"{filled}; slowest: {worst}, {_percentile(large['cases'][worst]) * 1e3:.0f} ms",
            figures={"p95": slow, "p50": median(every), "filled": large["seconds"]},
            what=f"{database}, time",
            cost=slow,
        ),
        Result(
            ratio=GROWTH / ratio,
            ours=f"median {median(every) * 1e3:.1f} ms, 95 of 100 within {slow * 1e3:.0f} ms",
            peer=f"at {small['datasets']}: {median(before) * 1e3:.1f} ms, "
            f"{_percentile(before) * 1e3:.0f} ms",
            goal=1.0,
            notes=f"{ratio:.1f} times as slow, goal under {GROWTH:g}; most for {grown[1]}: "
            f"{grown[0]:.1f} times",
            figures={"growth": ratio, "most": grown[0]},
            what=f"{database}, against a hundredth",
        ),
    ]


def _flat(measured: dict[str, Any]) -> list[float]:
    return [each for times in measured["cases"].values() for each in times]


def _percentile(times: list[float]) -> float:
    return sorted(times)[min(len(times) - 1, int(len(times) * 0.95))]


def _measured(database: str, datasets: int) -> dict[str, Any]:
    """Fill a hub's database and ask it, in processes of their own."""
    with tempfile.TemporaryDirectory() as name, _environment(database, Path(name)) as environment:

        def call(*command: str) -> dict[str, Any]:
            done = subprocess.run(
                [sys.executable, "-m", *command],
                env=environment,
                check=True,
                capture_output=True,
                text=True,
            )
            lines = done.stdout.splitlines()
            return dict(json.loads(lines[-1])) if lines and lines[-1].startswith("{") else {}

        call("django", "migrate", "-v0")
        made = call("bench.catalogue", str(datasets))
        asked = call("bench.search", json.dumps(made["askers"]))
        return {**made, **asked}


@contextmanager
def _environment(database: str, folder: Path) -> Iterator[dict[str, str]]:
    data = folder / "data"
    data.mkdir()
    folder.chmod(0o755)
    environment = {
        **{name: each for name, each in os.environ.items() if not name.startswith("POSTGRES_")},
        "LAGAN_DATA": str(data),
        "DJANGO_SETTINGS_MODULE": "lagan.hub.settings",
    }
    if database == "SQLite":
        yield environment
        return
    from tests.services import postgresql
    from tests.services.process import stop_process

    postgresql.SETTINGS.update(SETTINGS)
    place = folder / "postgresql"
    place.mkdir(mode=0o755)
    service = postgresql.start(place)
    try:
        yield {**environment, **service.address}
    finally:
        stop_process(service.pid)


def ask(askers: dict[str, int]) -> dict[str, list[float]]:
    """Seconds of every page, by case and asker; the first of each is not counted."""
    from lagan.hub.base.actors import Actor
    from lagan.hub.datasets.search import queries
    from lagan.hub.datasets.search.asking import query

    times: dict[str, list[float]] = {}
    for case, where in CASES.items():
        for name in ASKERS:
            actor, sought = Actor(askers[name], name, "jwt"), query(where)
            own = times.setdefault(f"{case}, {name}", [])
            for number in range(ROUNDS + 1):
                began = time.perf_counter()
                queries.search(actor, sought)
                if number:
                    own.append(time.perf_counter() - began)
    return times


if __name__ == "__main__":
    import django

    django.setup()
    print(json.dumps({"cases": ask(json.loads(sys.argv[1]))}))
