"""kill -9 at every call that writes, and every such call failing once, while a file's content moves
to a target, back, and to another site: it is never lost, never torn, and nothing is left over."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import pytest

from lagan.hsm import marker as markers
from lagan.hsm.target import Target
from lagan.store import open_volume
from tests.chance import dice
from tests.faults.moving import HERE, NAME, VERBS, move
from tests.faults.victim import CALLS, ROOT, WRITES, count
from tests.services.process import find_program

CONTENT = os.urandom(40_000) + bytes(60_000) + os.urandom(30_000)
MINE = b"another file that is there already"
MTIME = 1_500_000_000_123_456_789
OTHERS = ("fsetxattr", "fallocate", "utimensat", "fchmod", "fchown")
ERRORS = ("ENOSPC", "EIO")
SAMPLE = 5
"""Points of each kind in `make test`: about half a second each."""
LEAST = {"migrate": 14, "recall": 8, "stub": 8, "hydrate": 10, "overwrite": 10}
"""An undisturbed run has at least so many calls that write, or nothing would be proved."""


@dataclass(frozen=True, order=True)
class Strike:
    """The `nth` call of its kind while a verb runs."""

    verb: str
    call: str
    nth: int

    def __str__(self) -> str:
        return f"{self.verb}-{self.call}-{self.nth}"


class Scene:
    """A site's folder and a target, as they are before a verb."""

    def __init__(self, folder: Path, verb: str) -> None:
        self.root, self.bucket, self.verb = folder / "root", folder / "bucket", verb
        (self.root / "run").mkdir(parents=True)
        (self.root / "there").mkdir()
        self.bucket.mkdir()
        self.content = CONTENT
        self.fill()

    def fill(self) -> None:
        path = self.root / NAME
        path.write_bytes(CONTENT)
        path.chmod(0o640)
        os.setxattr(path, "user.note", b"mine")
        os.utime(path, ns=(MTIME, MTIME))
        if self.verb in {"free", "stub", "hydrate", "overwrite", "replace"}:
            self.move("premigrate")
        if self.verb == "recall":
            self.move("migrate")
        if self.verb == "overwrite":
            (self.root / HERE).write_bytes(MINE)
        if self.verb == "replace":
            self.content = CONTENT[::-1]
            path.write_bytes(self.content)
            os.utime(path, ns=(MTIME, MTIME + 1))

    @property
    def target(self) -> Target:
        return Target("bucket", open_volume(str(self.bucket)))

    @property
    def moved(self) -> Path:
        """The file that the verb is about."""
        return self.root / (HERE if self.verb in {"stub", "hydrate", "overwrite"} else NAME)

    def move(self, verb: str) -> None:
        move(verb, self.root, self.bucket)

    def struck(self, log: Path, inject: str = "") -> subprocess.CompletedProcess[str]:
        """The verb in a process of its own, under strace."""
        calls = ",".join(f"?{each}" for each in (*CALLS, *WRITES, *OTHERS))
        strace = find_program("strace", package="strace")
        command = [strace, "-f", "-qq", "-o", str(log), "-e", f"trace={calls}"]
        command += ["-e", f"inject={inject}"] if inject else []
        command += [sys.executable, "-m", "tests.faults.moving", self.verb]
        return subprocess.run(
            [*command, str(self.root), str(self.bucket)],
            cwd=ROOT, capture_output=True, text=True, timeout=120, check=False,
        )  # fmt: skip

    def expect_nothing_lost(self) -> None:
        """What says that it has content has it; what says that it is away is at the target."""
        must_be = [self.root / NAME, *([self.root / HERE] if self.verb == "overwrite" else [])]
        assert all(path.exists() for path in must_be)
        for path in filter(Path.exists, (self.root / NAME, self.root / HERE)):
            marker = markers.read(path)
            if marker is not None and marker.away:
                assert self.target.holds(marker.object, marker.size, marker.sha256)
                assert marker.sha256 == hashlib.sha256(self.content).hexdigest()
            else:
                assert path.read_bytes() in (self.content, MINE if path == self.moved else b"")

    def expect_whole_in_the_end(self) -> None:
        """The same again succeeds; then nothing is left over, and all comes back as it was."""
        self.move(self.verb)
        assert not [each for each in self.target.volume.pending() if each.name.startswith("hsm-")]
        self.target.sweep(age=-1)
        assert not [each.name for each in self.target.volume.pending()]
        assert [each.name for each in self.target.volume.list()] == [NAME]
        assert {each.name for each in self.moved.parent.iterdir()} == {self.moved.name}
        marker = markers.read(self.moved)
        assert marker is not None
        away = self.verb in {"migrate", "free", "replace", "stub"}
        assert marker.state == ("migrated" if away else "premigrated")
        assert (self.moved.stat().st_blocks <= 8) == away
        if self.moved != self.root / NAME:
            shutil.copymode(self.moved, self.root / NAME)
            (self.moved).rename(self.root / NAME)
        self.move("recall")
        path, changed = self.root / NAME, self.verb == "replace"
        assert path.read_bytes() == self.content
        assert path.stat().st_mtime_ns == MTIME + changed
        assert path.stat().st_mode & 0o7777 == 0o640
        assert os.getxattr(path, "user.note") == b"mine"


@pytest.fixture(scope="module")
def strikes(tmp_path_factory: pytest.TempPathFactory) -> list[Strike]:
    """Every call of an undisturbed run of every verb."""
    found = []
    for verb in VERBS:
        folder = tmp_path_factory.mktemp(verb)
        done = Scene(folder, verb).struck(folder / "calls")
        assert done.returncode == 0, done.stderr
        calls = count([line.partition(" ")[2].strip() for line in _lines(folder / "calls")])
        assert calls.total() >= LEAST.get(verb, 5), calls
        found += [
            Strike(verb, call, nth)
            for call, last in sorted(calls.items())
            for nth in range(1, last + 1)
        ]
    return found


def _lines(log: Path) -> Iterator[str]:
    yield from log.read_text().splitlines()


def to_fail(strikes: list[Strike]) -> list[tuple[Strike, str]]:
    """What Linux's own filesystems may answer: these two never lack space."""
    return [
        (each, error)
        for each in strikes
        for error in ERRORS
        if not (error == "ENOSPC" and each.call in ("fchmod", "utimensat"))
    ]


@pytest.mark.fault
@pytest.mark.slow
def test_killed_at_some_calls(strikes: list[Strike], tmp_path: Path) -> None:
    """All of them are `make soak`."""
    for strike in dice("kill").sample(strikes, SAMPLE):
        kill_at(strike, tmp_path)


@pytest.mark.fault
@pytest.mark.slow
def test_failing_at_some_calls(strikes: list[Strike], tmp_path: Path) -> None:
    for strike, error in dice("fail").sample(to_fail(strikes), SAMPLE):
        fail_at(strike, error, tmp_path)


@pytest.mark.soak
@pytest.mark.timeout(7200)
def test_killed_at_every_call(strikes: list[Strike], tmp_path: Path) -> None:
    expect_all({str(each): partial(kill_at, each, tmp_path) for each in strikes})


@pytest.mark.soak
@pytest.mark.timeout(7200)
def test_failing_at_every_call(strikes: list[Strike], tmp_path: Path) -> None:
    expect_all(
        {
            f"{each} {error}": partial(fail_at, each, error, tmp_path)
            for each, error in to_fail(strikes)
        }
    )


def expect_all(trials: Mapping[str, Callable[[], None]]) -> None:
    """Every trial, each told; all that were wrong at the end."""
    wrong = []
    for name, trial in trials.items():
        try:
            trial()
        except AssertionError as error:
            wrong.append(f"{name}: {error}")
        sys.stdout.write(f"{wrong[-1] if wrong and wrong[-1].startswith(name) else name}\n")
    assert not wrong, "\n".join(wrong)


def kill_at(strike: Strike, tmp_path: Path) -> None:
    folder = tmp_path / f"killed-{strike}"
    scene = Scene(folder, strike.verb)
    done = scene.struck(folder / "calls", f"{strike.call}:signal=KILL:when={strike.nth}")
    assert done.returncode == -9, f"{strike}: {done}"
    scene.expect_nothing_lost()
    scene.expect_whole_in_the_end()


def fail_at(strike: Strike, error: str, tmp_path: Path) -> None:
    folder = tmp_path / f"failed-{strike}-{error}"
    scene = Scene(folder, strike.verb)
    done = scene.struck(folder / "calls", f"{strike.call}:error={error}:when={strike.nth}")
    assert any("(INJECTED)" in each for each in _lines(folder / "calls")), str(strike)
    assert done.returncode in (0, 1), f"{strike} {error}: {done}"
    assert done.returncode == 0 or done.stderr.startswith("refused: "), done.stderr
    scene.expect_nothing_lost()
    assert not [each.name for each in scene.target.volume.pending()], f"{strike} {error}"
    scene.expect_whole_in_the_end()
