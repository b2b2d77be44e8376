"""P13: a hub from its start to its first page, and `lagan --help`, beside Python doing nothing."""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from pathlib import Path

from bench.result import Result, interleaved

NUMBER = "P13"
TITLE = "start to first page, and --help"
FIRST_PAGE_GOAL = 3.0  # seconds
HELP_GOAL = 0.150  # seconds


def run(scale: float) -> Result:
    """The ratio is the smaller of goal / time for both; more rounds at the larger scale."""
    rounds = max(3, round(10 * scale))
    help_, python = interleaved(
        rounds, lambda: timed("-m", "lagan", "--help"), lambda: timed("-c", "")
    )
    starts = max(1, round(3 * scale))
    with tempfile.TemporaryDirectory() as folder:
        first = start_hub(Path(folder))
        (again,) = interleaved(starts, lambda: start_hub(Path(folder)))
    return Result(
        ratio=min(FIRST_PAGE_GOAL / again, HELP_GOAL / help_),
        ours=f"page after {again:.2f} s, help {help_ * 1000:.0f} ms",
        peer=f"Python alone {python * 1000:.0f} ms",
        goal=1.0,
        notes=f"goals 3 s and 150 ms; the very first start makes the database: {first:.2f} s",
        figures={"first": first, "again": again, "help": help_, "python": python},
    )


def show_help() -> float:
    return timed("-m", "lagan", "--help")


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
