"""kill -9, a full disk or a broken one at the calls by which packages are deposited (in one request
and resumed), judged, described, followed, prepared, fetched and cleared: what was acknowledged is
kept, nothing is said twice, nothing is left over, and trying again succeeds."""

from __future__ import annotations

import functools
import json
import operator
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from tests.chance import dice
from tests.faults.depositing import CONTENTS, MAIN, WORDS
from tests.faults.serving import WRITER
from tests.faults.victim import CALLS, ROOT, WRITES, Point, Trace, count

THREADS = (MAIN, WRITER)
TRIES = 5
LEAST = {"fsync": 20, "fdatasync": 20, "renameat2": 3}
"""An undisturbed run has at least so many of each, or nothing would be proved."""
ONCE = ("begun done", "judged done", "judged not-valid", "digested done", "stored done",
        "failed failed", "removed done", "changed done")  # fmt: skip
ERRORS = ("ENOSPC", "EIO")


@dataclass
class Scene:
    """A hub's folder, made anew for each point from one that was made once."""

    folder: Path
    environment: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        kept = {name: value for name, value in os.environ.items() if not name.startswith("LAGAN_")}
        for name in ("POSTGRES_HOST", "POSTGRES_DB"):
            kept.pop(name, None)
        self.environment = {**kept, "LAGAN_DATA": str(self.data), "LAGAN_LOG_LEVEL": "ERROR"}

    @property
    def data(self) -> Path:
        return self.folder / "data"

    def make(self) -> Scene:
        self.run("make")
        shutil.copytree(self.data, self.folder / "made")
        return self

    def renew(self) -> None:
        shutil.rmtree(self.data)
        shutil.copytree(self.folder / "made", self.data)

    def run(self, task: str) -> str:
        command = [sys.executable, "-m", "tests.faults.depositing", task]
        done = subprocess.run(
            command, env=self.environment, cwd=ROOT, text=True, capture_output=True, check=False
        )
        assert done.returncode == 0, done.stderr[-3000:]
        return done.stdout

    def tell(self) -> dict[str, Any]:
        told: dict[str, Any] = json.loads(self.run("tell").splitlines()[-1])
        return told


class Running:
    """The process of the depositor; `said` is what it acknowledged."""

    def __init__(self, scene: Scene, said: dict[str, Any]) -> None:
        self.said = dict(said)
        self._errors = (scene.folder / "errors").open("w+")
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.faults.depositing"], env=scene.environment, cwd=ROOT,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=self._errors, text=True,
        )  # fmt: skip
        self._say(json.dumps(self.said))
        line = self._read()
        assert line == {"ready": True}, self.errors()
        self.pid = self._process.pid

    def go(self) -> bool:
        """Let it work until it ends; whether it did all."""
        self._say("go")
        while line := self._read():
            self.said |= line
        self._process.communicate(timeout=120)
        return bool(self.said.pop("done", False))

    @property
    def killed(self) -> bool:
        return self._process.returncode == -9

    def errors(self) -> str:
        self._errors.seek(0)
        return self._errors.read()[-3000:]

    def close(self) -> None:
        if self._process.poll() is None:
            self._process.kill()
        self._process.communicate(timeout=60)
        self._errors.close()

    def _say(self, text: str) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(text + "\n")
        self._process.stdin.flush()

    def _read(self) -> dict[str, Any]:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        told: dict[str, Any] = json.loads(line) if line else {}
        return told


@pytest.fixture(scope="module")
def scene(tmp_path_factory: pytest.TempPathFactory) -> Scene:
    return Scene(tmp_path_factory.mktemp("deposits")).make()


@pytest.fixture
def log(tmp_path: Path) -> Path:
    return tmp_path / "calls"


@pytest.fixture(scope="module")
def points(scene: Scene, tmp_path_factory: pytest.TempPathFactory) -> list[Point]:
    """Every call that each undisturbed run has."""
    folder, runs = tmp_path_factory.mktemp("undisturbed"), []
    for number in range(2):
        scene.renew()
        running = Running(scene, {})
        traces = {name: Trace(folder / f"{name}.{number}", running.pid, name) for name in THREADS}
        assert running.go(), running.errors()
        runs.append({name: count(trace.wait()) for name, trace in traces.items()})
        running.close()
        expect_right(scene.tell(), running.said)
    least = {name: functools.reduce(operator.and_, [run[name] for run in runs]) for name in THREADS}
    found = [
        Point(thread, call, nth)
        for thread, calls in least.items()
        for call, last in sorted(calls.items())
        for nth in range(1, last + 1)
    ]
    for call, number in LEAST.items():
        assert sum(each.call == call for each in found) >= number, (call, least)
    return found


def strike(scene: Scene, point: Point, how: str, log: Path) -> None:
    """Strike, start again, go on, and look at everything."""
    inject = f"{point.call}:{how}:when={point.nth}"
    said = struck(scene, point, inject, log)
    again = Running(scene, said)
    try:
        assert again.go(), (point, again.errors())
    finally:
        again.close()
    assert said.items() <= again.said.items()
    expect_right(scene.tell(), again.said)


def struck(scene: Scene, point: Point, inject: str, log: Path) -> dict[str, Any]:
    """What was acknowledged before, or in spite of, the strike. The writer may make fewer calls:
    then it is tried again."""
    for _ in range(TRIES):
        scene.renew()
        running = Running(scene, {})
        try:
            trace = Trace(log, running.pid, point.thread, inject=inject)
            done = running.go()
            seen = trace.wait()
            if any("(INJECTED)" in line or line.endswith("= ?") for line in seen):
                assert running.killed or "error=" in inject or done, running.errors()
                return running.said
        finally:
            running.close()
    raise AssertionError(f"{point} never came")


def expect_right(told: dict[str, Any], said: dict[str, Any]) -> None:
    """What was acknowledged is there, whole, and everything was said once."""
    packages = {int(number): each for number, each in told["packages"].items()}
    assert told["wrong"] == []
    for number, each in packages.items():
        assert all(each["said"].get(f"package.{kind}", 0) <= 1 for kind in ONCE), (number, each)
        assert each["status"] in {"0", "3", "4", "7", "9"}, (number, each)
        assert each["stored"] or each["status"] in {"0", "4"}, (number, each)
    first, second = packages[said["first"]], packages[said["second"]]
    # One that broke off while it was stored was given up, and another took its place.
    begun = sum(each["version"] == 2 for each in packages.values())
    assert first["said"]["package.followed done"] == begun
    resumable, wrong = packages[said["announced"]], packages[said["wrong"]]
    for name, row in (("first", first), ("resumable", resumable), ("second", second)):
        digest = sha256(CONTENTS[name]).hexdigest()
        assert (row["checksum"], row["sha256"]) == (digest, digest), name
        assert row["status"] in {"3", "7"}, (name, row)
    assert said["fetched"] == first["checksum"]
    assert (first["name"], first["words"], first["previous"]) == ("described", WORDS, {"1": {}})
    assert (first["next"], second["version"]) == (said["second"], 2)
    assert (wrong["status"], wrong["removed"]) == ("9", True)
    assert wrong["said"]["package.removed done"] == 1


def by_lot(points: list[Point], number: int, calls: tuple[str, ...], purpose: str) -> list[Point]:
    found = [each for each in points if each.call in calls]
    return sorted(dice(purpose).sample(found, min(number, len(found))))


def sweep(scene: Scene, chosen: Iterator[tuple[Point, str]], log: Path) -> None:
    wrong, total = [], 0
    for point, how in chosen:
        total += 1
        try:
            strike(scene, point, how, log)
        except AssertionError as error:
            wrong.append(f"{point} {how}: {error}")
            sys.stdout.write(f"{wrong[-1]}\n")
        else:
            sys.stdout.write(f"{point} {how}: as it should be\n")
    assert not wrong, f"{len(wrong)} of {total}:\n" + "\n".join(wrong)


@pytest.mark.fault
@pytest.mark.slow
@pytest.mark.timeout(600)
def test_struck_at_some_calls(scene: Scene, points: list[Point], log: Path) -> None:
    """A kill and each error; all calls are `make soak`."""
    (killed,) = by_lot(points, 1, CALLS, "killed deposits")
    strike(scene, killed, "signal=KILL", log)
    for error in ERRORS:
        (failed,) = by_lot(points, 1, (*CALLS, "pwritev2"), f"deposits {error}")
        strike(scene, failed, f"error={error}", log)


@pytest.mark.soak
@pytest.mark.timeout(36000)
def test_killed_at_every_call(scene: Scene, points: list[Point], log: Path) -> None:
    """Of the database's many writes some."""
    every = [each for each in points if each.call in CALLS or each.call == "pwritev2"]
    every += by_lot(points, 40, WRITES, "killed writes")
    number = int(os.environ.get("LAGAN_POINTS", "0")) or len(every)
    chosen = sorted(dice("points").sample(every, min(number, len(every))))
    sweep(scene, ((each, "signal=KILL") for each in chosen), log)


@pytest.mark.soak
@pytest.mark.timeout(36000)
@pytest.mark.parametrize("error", ERRORS)
def test_errors_at_calls(scene: Scene, points: list[Point], log: Path, error: str) -> None:
    number = int(os.environ.get("LAGAN_POINTS", "0")) or 200
    # The database's writes are by far the most.
    chosen = by_lot(points, number // 2, (*CALLS, "pwritev2"), f"errors {error}")
    chosen += by_lot(points, number - number // 2, WRITES, f"errors of writes {error}")
    sweep(scene, ((each, f"error={error}") for each in chosen), log)
