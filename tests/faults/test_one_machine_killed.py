"""The same on one machine without a broker: `lagan up` and its worker are killed in the middle of a
job, and every path has exactly one outcome all the same."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import psutil
import pytest

from tests.chance import dice
from tests.faults.carried import content, expect_one_outcome_each, file_at, over, plant, run
from tests.services.hub import Hub, until

FILES, MANY = 2_000, 20_000
LONG = 3600.0
STRIKES = ("worker", "schedule", "everything", "worker")


@pytest.fixture
def hub(tmp_path: Path) -> Iterator[Hub]:
    made = Hub(tmp_path, database=os.environ["LAGAN_TEST_DATABASE"])
    made.start()
    yield made
    if made.process is not None:
        made.stop()


@pytest.mark.fault
@pytest.mark.slow
@pytest.mark.once
@pytest.mark.timeout(900)
def test_every_path_has_one_outcome(hub: Hub) -> None:
    carry_through(hub, FILES)


@pytest.mark.soak
@pytest.mark.timeout(7200)
def test_every_one_of_many_paths_has_one_outcome(hub: Hub) -> None:
    carry_through(hub, MANY)


def carry_through(hub: Hub, files: int) -> None:
    root = hub.data / "site"
    plant(root, files)
    rng = dice()
    job = run(hub, workflow="migrate", site="local", paths=[str(root / "data")])
    hits = 0
    for moment in sorted(rng.sample(range(files // 2), len(STRIKES))):
        until(lambda moment=moment: migrated(root, files) >= moment or over(hub, job), LONG)
        hits += not over(hub, job)
        strike(hub, STRIKES[hits % len(STRIKES)])
    until(lambda: over(hub, job), LONG)
    expect_one_outcome_each(hub, job, files)
    assert hits >= len(STRIKES) - 1, "too much was struck after the end: little is shown"
    assert migrated(root, files) == files
    back = run(hub, workflow="recall", site="local", paths=[str(root / "data")])
    until(lambda: over(hub, back), LONG)
    expect_one_outcome_each(hub, back, files)
    for number in range(files):
        assert file_at(root, number).read_bytes() == content(number)


def migrated(root: Path, files: int) -> int:
    """How many files have been marked by a mover."""
    return sum("user.lagan.hsm" in os.listxattr(file_at(root, number)) for number in range(files))


def strike(hub: Hub, what: str) -> None:
    """Kill one of the hub's programs, which its supervisor starts again, or all of it at once."""
    if what == "everything":
        hub.kill()
        hub.start()
        return
    assert hub.process is not None
    for each in psutil.Process(hub.process.pid).children(recursive=True):
        with suppress(psutil.NoSuchProcess):  # it may have ended by itself
            if what in each.cmdline():
                each.send_signal(signal.SIGKILL)
