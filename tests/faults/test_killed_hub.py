"""A whole hub under an agent's run, its processes and the agent killed at random moments: in the
end all is as if nothing had happened."""

from __future__ import annotations

import random
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest

from tests.agent.conftest import Bench
from tests.chance import SEED, dice
from tests.faults.sending import sha
from tests.faults.victim import judges
from tests.services.hub import Hub, until

WHO = ("agent", "serve", "page", "worker", "schedule")
"""`page` is one of the processes of `serve`."""
TRIES = 40


@pytest.fixture
def whole(tmp_path: Path) -> Iterator[Hub]:
    (tmp_path / "hub").mkdir()
    running = Hub(tmp_path / "hub").start()
    yield running
    running.stop()


@pytest.fixture
def bench(tmp_path: Path, whole: Hub) -> Bench:
    whole.facility("Imaging", "manager")
    for name in ("anna", "ben"):
        whole.add_user(name)
    made = Bench(tmp_path, whole)  # type: ignore[arg-type]
    made.given |= {"username": "manager", "api_key": whole.key("manager")}
    return made


def fill(bench: Bench, rng: random.Random, small: int, large: int, folder: str = "first") -> None:
    for n in range(small):
        bench.file(f"anna/{folder} {n % 3}/{n}.tif", rng.randbytes(2000 + n))
    for n in range(large):
        bench.file(f"ben/{folder} large/{n}.raw", rng.randbytes((9 << 20) + n))


def find(hub: Hub, name: str, agent: subprocess.Popen[str]) -> psutil.Process | None:
    """The process to kill, if it lives just now."""
    assert hub.process is not None
    try:
        if name == "agent":
            return psutil.Process(agent.pid) if agent.poll() is None else None
        for child in psutil.Process(hub.process.pid).children():
            if ("serve" if name == "page" else name) in child.cmdline():
                pages = [each for each in child.children() if "serve" in each.cmdline()]
                return (pages[0] if pages else None) if name == "page" else child
    except psutil.NoSuchProcess:
        return None
    return None


def disturb(hub: Hub, bench: Bench, rng: random.Random, kills: list[str]) -> None:
    """Run the agent again and again until it has done all, killing meanwhile.

    There is always something to be sent while there is somebody left to be killed.
    """
    clock = threading.Event()
    for attempt in range(TRIES):
        agent = bench.start("sync", small_file_limit=100_000, batch_files=20)
        while kills and agent.poll() is None:
            clock.wait(rng.uniform(0.2, 1.4))
            if (process := find(hub, kills[0], agent)) is not None:
                process.send_signal(signal.SIGKILL)
                sys.stdout.write(f"killed {kills.pop(0)}\n")
        out, err = agent.communicate(timeout=300)
        if agent.returncode == 0 and not kills:
            return
        if agent.returncode == 0:
            fill(bench, rng, small=100, large=1, folder=f"more {attempt}")
    raise AssertionError(f"never done, {kills} left: {out}{err}")


def expect_whole(hub: Hub, bench: Bench) -> None:
    """Every file once, its bytes right, in two copies; nothing besides."""
    local = {path: sha(data) for path, data in bench.local().items()}
    with judges(hub) as (now, rebuilt):
        until(lambda: now.ask("copies") == {"2": len(local)}, 200)
        hub.stop()
        found = now.ask("sweep")
        assert found["wrong"] == []
        assert contents(found) == {path: [[1, digest]] for path, digest in local.items()}
        folders = [f"posix:{hub.data}/volumes/{name}" for name in ("main", "copy")]
        again = rebuilt.ask("rebuild", *folders)
        assert again["wrong"] == []
        assert contents(again) == contents(found)


def contents(found: dict[str, Any]) -> dict[str, Any]:
    return {
        f"{each['owner']}/{each['name']}/{path}": versions
        for each in found["datasets"].values()
        for path, versions in each["versions"].items()
    }


@pytest.mark.fault
@pytest.mark.slow
@pytest.mark.timeout(900)
def test_everybody_killed_once(whole: Hub, bench: Bench) -> None:
    rng = dice()
    fill(bench, rng, small=240, large=2)
    disturb(whole, bench, rng, rng.sample(WHO, len(WHO)))
    expect_whole(whole, bench)


@pytest.mark.soak
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("round", range(10))
def test_killed_many_times(whole: Hub, bench: Bench, round: int) -> None:
    sys.stdout.write(f"seed {SEED}, round {round}\n")
    rng = random.Random(SEED + round)
    fill(bench, rng, small=600, large=6)
    disturb(whole, bench, rng, [each for _ in range(4) for each in rng.sample(WHO, len(WHO))])
    expect_whole(whole, bench)
