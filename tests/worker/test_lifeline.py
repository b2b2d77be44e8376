"""The dead are noticed at once on their own machine, and the living are left alone."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

from lagan.worker.lifeline import bury, hold

HOLD = """
import sys
from pathlib import Path
from lagan.worker.lifeline import hold
with hold(Path(sys.argv[1]), sys.argv[2]):
    print("held", flush=True)
    sys.stdin.read()
"""


def test_the_living_are_left_alone_and_leave_nothing(tmp_path: Path) -> None:
    with hold(tmp_path, "w"):
        assert bury(tmp_path, _unexpected) == 0
    assert list(tmp_path.iterdir()) == []


def test_who_was_killed_is_named_once(tmp_path: Path) -> None:
    process = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(tmp_path), "w1"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    assert process.stdout is not None
    assert process.stdin is not None
    assert process.stdout.readline() == b"held\n"
    assert bury(tmp_path, _unexpected) == 0
    process.kill()
    process.wait()
    process.stdin.close()
    process.stdout.close()
    named: list[str] = []
    assert bury(tmp_path, named.append) == 1
    assert named == ["w1"]
    assert bury(tmp_path, named.append) == 0


def test_who_buries_and_fails_will_be_asked_again(tmp_path: Path) -> None:
    (tmp_path / "w.alive").touch()

    def away(worker: str) -> None:
        raise ConnectionError

    try:
        bury(tmp_path, away)
    except ConnectionError:
        named: list[str] = []
        bury(tmp_path, named.append)
        assert named == ["w"]
    else:
        raise AssertionError("the failure was hidden")


def test_what_was_never_alive_is_swept_once_it_is_old(tmp_path: Path) -> None:
    fresh, old = tmp_path / "a.new", tmp_path / "b.new"
    fresh.touch()
    old.touch()
    os.utime(old, (time.time() - 3600,) * 2)
    bury(tmp_path, _unexpected)
    assert list(tmp_path.iterdir()) == [fresh]


def _unexpected(worker: str) -> None:
    raise AssertionError(f"{worker} lives")
