"""Runs benchmarks, keeps their results in bench/results, writes the table in docs/benchmarks.md.

`python -m bench.run [NAME ...] [--quick]`. A benchmark is a module of this folder with NUMBER (its
place in the list of goals), TITLE, and `run(scale)`, which gives a Result or several; scale 1 is
the size that the goal names and 0.1 a tenth of it. Both are run; --quick runs the small one alone.
"""

from __future__ import annotations

import argparse
import importlib
import json
import os
import pkgutil
import platform
from collections.abc import Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from types import ModuleType
from typing import Any

import bench
from bench.result import Result

HERE = Path(__file__).parent
RESULTS = HERE / "results"
TABLE = HERE.parent / "docs" / "benchmarks.md"
SCALES = (0.1, 1.0)
HEAD = """\
# Benchmarks

Each row is one comparison on one machine, ours and the peer interleaved, medians of several rounds.
Clients, servers and peers share the machine's cores. Uploads, downloads and look-ups meet a hub on
SQLite whose workers, which copy and check what arrived, do not run meanwhile. The ratio is how many
times as good as the
peer we are. Scale 1 is the size of the goal, 0.1 a tenth of it; growth is what ours cost at scale 1
over what it cost at 0.1, so 10 is linear. Load is how many processes wanted a core in the minute
before each benchmark: far above 0 means that others worked on the machine, and that only ratios
say something. `make bench` writes this; the figures are in `bench/results/`.

"""
COLUMNS = (
    *("benchmark", "scale", "ours", "peer", "ratio", "goal", "reached"),
    *("growth", "load", "notes", "when"),
)


def benchmarks(names: Sequence[str]) -> list[ModuleType]:
    """The modules that are benchmarks, those called by number or name when any are named."""
    found = [
        importlib.import_module(f"bench.{each.name}")
        for each in pkgutil.iter_modules(bench.__path__)
    ]
    found = [module for module in found if hasattr(module, "run") and hasattr(module, "NUMBER")]
    wanted = {name.lower() for name in names}
    unknown = wanted - {key for module in found for key in keys(module)}
    if unknown:
        raise SystemExit(f"There is no benchmark {', '.join(sorted(unknown))}.")
    chosen = [module for module in found if not wanted or wanted & keys(module)]
    return sorted(chosen, key=lambda module: (int(module.NUMBER[1:]), module.__name__))


def keys(module: ModuleType) -> set[str]:
    return {str(module.NUMBER).lower(), module.__name__.rpartition(".")[2]}


def keep(module: ModuleType, scale: float, results: Sequence[Result], load: float) -> None:
    """Write the results of one benchmark, over the last ones of the same scale. `load` is how many
    processes wanted a core before it."""
    RESULTS.mkdir(exist_ok=True)
    name = module.__name__.rpartition(".")[2]
    facts = {
        "number": module.NUMBER,
        "title": module.TITLE,
        "scale": scale,
        "when": datetime.now(UTC).isoformat(timespec="seconds"),
        "machine": f"{os.cpu_count()} cores, {platform.system()} {platform.release()}",
        "python": platform.python_version(),
        "load": round(load, 2),
        "results": [{**asdict(each), "reached": each.reached} for each in results],
    }
    path = RESULTS / f"{module.NUMBER}-{name}-{scale:g}.json"
    path.write_text(json.dumps(facts, indent=2) + "\n")


def write_table() -> None:
    """The table of all results that are kept."""
    kept = [json.loads(path.read_text()) for path in RESULTS.glob("*.json")]
    kept.sort(key=lambda each: (int(each["number"][1:]), each["title"], each["scale"]))
    costs = {
        (each["number"], row["what"]): row["cost"]
        for each in kept
        for row in each["results"]
        if each["scale"] == SCALES[0]
    }
    rows = [
        table_row(each, row, costs.get((each["number"], row["what"]), 0.0))
        for each in kept
        for row in each["results"]
    ]
    lines = [f"| {' | '.join(COLUMNS)} |", "|" + "---|" * len(COLUMNS), *rows]
    machines = sorted({f"{each['machine']}, Python {each['python']}" for each in kept})
    said = f"Machine: {'; '.join(machines)}.\n\n" if machines else ""
    text = said + "\n".join(lines) if rows else "Nothing has been measured yet."
    TABLE.write_text(HEAD + text + "\n")


def table_row(kept: dict[str, Any], row: dict[str, Any], small: float) -> str:
    """One line; `small` is the cost of the same at the smaller scale."""
    large = kept["scale"] == SCALES[1] and small and row["cost"]
    cells = [
        f"{kept['number']} {kept['title']}" + (f": {row['what']}" if row["what"] else ""),
        f"{kept['scale']:g}",
        str(row["ours"]),
        str(row["peer"]),
        f"{row['ratio']:.2f}",
        f"{row['goal']:g}",
        "yes" if row["reached"] else "no",
        f"{row['cost'] / small:.1f}" if large else "",
        f"{kept['load']:.1f}",
        str(row["notes"]),
        str(kept["when"])[:10],
    ]
    return "| " + " | ".join(cell.replace("|", "/").replace("\n", " ") for cell in cells) + " |"


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="bench.run", description="Run benchmarks.")
    parser.add_argument("names", nargs="*", help="numbers (P13) or names (startup); default: all")
    parser.add_argument("--quick", action="store_true", help="a tenth of the size alone")
    options = parser.parse_args(arguments)
    # What is installed has its bytecode beside it; without, every start of Python would compile.
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    for module in benchmarks(options.names):
        for scale in SCALES[:1] if options.quick else SCALES:
            load = os.getloadavg()[0]
            found = module.run(scale)
            results = [found] if isinstance(found, Result) else list(found)
            keep(module, scale, results, load)
            for each in results:
                print(said(module, scale, each), flush=True)
    write_table()


def said(module: ModuleType, scale: float, result: Result) -> str:
    """One result as a line."""
    verdict = "reached" if result.reached else "NOT reached"
    what = f", {result.what}" if result.what else ""
    return (
        f"{module.NUMBER} {module.TITLE}{what} at {scale:g}: {result.ours} against "
        f"{result.peer}, ratio {result.ratio:.2f}, goal {result.goal:g} {verdict}. {result.notes}"
    )


if __name__ == "__main__":
    main()
