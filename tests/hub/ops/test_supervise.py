"""The supervisor keeps programs running, ends them in order, and gives up on one that cannot
start."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

from lagan.hub.ops.supervise import SHORT_LIVES, Program, Supervisor, describe, next_wait
from lagan.kit.errors import Unavailable

MAIN = """
import json, os, sys
from pathlib import Path
from lagan.hub.ops.supervise import Program, Supervisor
programs = [Program(name, command) for name, command in json.loads(sys.argv[2])]
logs = Path(sys.argv[1])
Supervisor(programs, logs, os.environ, lambda line: print(line, flush=True), short_life=0.2,
grace=2).run()
"""
SLEEP = [sys.executable, "-c", "import time; print('here', flush=True); time.sleep(600)"]
STUBBORN = [
    sys.executable,
    "-c",
    "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('here', flush=True);"
    "time.sleep(600)",
]


@pytest.fixture
def supervise(tmp_path: Path) -> Iterator[Callable[..., subprocess.Popen[str]]]:
    """Start a supervisor of `name=command` programs in a process of its own; killed at the end."""
    started: list[subprocess.Popen[str]] = []

    def start(**programs: list[str]) -> subprocess.Popen[str]:
        command = [sys.executable, "-c", MAIN, str(tmp_path), json.dumps(list(programs.items()))]
        started.append(subprocess.Popen(command, stdout=subprocess.PIPE, text=True))
        return started[-1]

    yield start
    for process in started:
        process.kill()
        process.communicate()


def awaited(condition: Callable[[], object], limit: float = 60) -> bool:
    """Whether the condition comes true within `limit` seconds."""
    deadline = time.monotonic() + limit
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.02)
    return True


def children_of(process: subprocess.Popen[str]) -> list[psutil.Process]:
    return psutil.Process(process.pid).children()


def replaced(process: subprocess.Popen[str], first: psutil.Process) -> bool:
    return any(child.pid != first.pid for child in children_of(process))


def says_here(log: Path) -> bool:
    return log.exists() and "here" in log.read_text()


def test_a_killed_child_is_started_again(supervise, tmp_path: Path) -> None:
    supervisor = supervise(sleeper=SLEEP)
    assert awaited(lambda: says_here(tmp_path / "sleeper.log"))
    (first,) = children_of(supervisor)
    first.kill()
    assert awaited(lambda: replaced(supervisor, first))
    assert "sleeper was killed by SIGKILL" in supervisor.stdout.readline()


def test_term_ends_every_child_and_then_itself(supervise, tmp_path: Path) -> None:
    supervisor = supervise(one=SLEEP, two=SLEEP)
    assert awaited(lambda: all(says_here(tmp_path / f"{name}.log") for name in ("one", "two")))
    children = children_of(supervisor)
    supervisor.send_signal(signal.SIGTERM)
    assert supervisor.wait(60) == 0
    assert psutil.wait_procs(children, timeout=60)[1] == []


def test_a_child_that_will_not_end_is_killed(supervise, tmp_path: Path) -> None:
    supervisor = supervise(stubborn=STUBBORN)
    assert awaited(lambda: says_here(tmp_path / "stubborn.log"))
    (child,) = children_of(supervisor)
    supervisor.send_signal(signal.SIGINT)
    assert "did not end within 2 s" in supervisor.stdout.readline()
    assert supervisor.wait(60) == 0
    assert not psutil.pid_exists(child.pid)


def test_children_end_when_the_supervisor_is_killed(supervise, tmp_path: Path) -> None:
    supervisor = supervise(sleeper=SLEEP)
    assert awaited(lambda: says_here(tmp_path / "sleeper.log"))
    children = children_of(supervisor)
    supervisor.kill()
    assert psutil.wait_procs(children, timeout=60)[1] == []


def test_hup_starts_every_child_anew(supervise, tmp_path: Path) -> None:
    supervisor = supervise(sleeper=SLEEP)
    assert awaited(lambda: says_here(tmp_path / "sleeper.log"))
    (first,) = children_of(supervisor)
    supervisor.send_signal(signal.SIGHUP)
    assert awaited(lambda: replaced(supervisor, first))


def test_one_that_cannot_start_is_given_up_with_its_reason(tmp_path: Path) -> None:
    broken = Program("broken", [sys.executable, "-c", "raise SystemExit('no configuration')"])
    said: list[str] = []
    before = signal.pthread_sigmask(signal.SIG_BLOCK, [])
    with pytest.raises(Unavailable, match=f"{SHORT_LIVES} times .* no configuration"):
        Supervisor(
            [broken], tmp_path, os.environ, said.append, short_life=60, wait=lambda _: 0
        ).run()
    assert len(said) == SHORT_LIVES - 1
    assert signal.pthread_sigmask(signal.SIG_BLOCK, []) == before


def test_waits_double_up_to_half_a_minute() -> None:
    assert [next_wait(lives) for lives in range(8)] == [0, 1, 2, 4, 8, 16, 30, 30]


def test_an_exit_status_is_put_in_words() -> None:
    assert describe(3) == "ended with status 3"
    assert describe(-signal.SIGKILL) == "was killed by SIGKILL"
