"""Runs benchmarks, keeps their results in bench/results, writes the table in docs/benchmarks.md.

`python -m bench.run [NAME ...] [--quick]`. A benchmark is a module of this folder with NUMBER (its
place in the list of goals), TITLE, and `run(scale) -> Result`, where scale 1 is the size that the
goal names and 0.1 a tenth of it. Both are run; --quick runs the small one alone.
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

import bench
from bench.result import Result

HERE = Path(__file__).parent
RESULTS = HERE / "results"
TABLE = HERE.parent / "docs" / "benchmarks.md"
SCALES = (0.1, 1.0)
HEAD = """\
# Benchmarks

Each row is one run on one machine, ours and the peer interleaved, medians of several rounds. The
ratio is how many times as good as the peer we are. `make bench` writes this; the figures are in
`bench/results/`.

"""
COLUMNS = ("benchmark", "scale", "ours", "peer", "ratio", "goal", "reached", "notes", "when")


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


def keep(module: ModuleType, scale: float, result: Result) -> None:
    """Write one result, over the last one of the same benchmark and scale."""
    RESULTS.mkdir(exist_ok=True)
    name = module.__name__.rpartition(".")[2]
    facts = {
        "number": module.NUMBER,
        "title": module.TITLE,
        "scale": scale,
        "reached": result.reached,
        "when": datetime.now(UTC).isoformat(timespec="seconds"),
        "machine": f"{os.cpu_count()} cores, {platform.system()} {platform.release()}",
        "python": platform.python_version(),
        **asdict(result),
    }
    path = RESULTS / f"{module.NUMBER}-{name}-{scale:g}.json"
    path.write_text(json.dumps(facts, indent=2) + "\n")


def write_table() -> None:
    """The table of all results that are kept."""
    rows = [json.loads(path.read_text()) for path in RESULTS.glob("*.json")]
    rows.sort(key=lambda row: (int(row["number"][1:]), row["title"], row["scale"]))
    lines = [f"| {' | '.join(COLUMNS)} |", "|" + "---|" * len(COLUMNS), *map(table_row, rows)]
    TABLE.write_text(HEAD + ("\n".join(lines) if rows else "Nothing has been measured yet.") + "\n")


def table_row(row: dict[str, object]) -> str:
    cells = [
        f"{row['number']} {row['title']}",
        f"{row['scale']:g}",
        str(row["ours"]),
        str(row["peer"]),
        f"{row['ratio']:.2f}",
        f"{row['goal']:g}",
        "yes" if row["reached"] else "no",
        str(row["notes"]),
        str(row["when"])[:10],
    ]
    return "| " + " | ".join(cell.replace("|", "/").replace("\n", " ") for cell in cells) + " |"


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="bench.run", description="Run benchmarks.")
    parser.add_argument("names", nargs="*", help="numbers (P13) or names (startup); default: all")
    parser.add_argument("--quick", action="store_true", help="a tenth of the size alone")
    options = parser.parse_args(arguments)
    for module in benchmarks(options.names):
        for scale in SCALES[:1] if options.quick else SCALES:
            result = module.run(scale)
            keep(module, scale, result)
            verdict = "reached" if result.reached else "NOT reached"
            print(
                f"{module.NUMBER} {module.TITLE} at {scale:g}: {result.ours} against "
                f"{result.peer}, ratio {result.ratio:.2f}, goal {result.goal:g} {verdict}.",
                result.notes,
                flush=True,
            )
    write_table()


if __name__ == "__main__":
    main()
