"""One file of a site and its target before, while and after its content moves in a process that is
struck; and every call at which it can be."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from random import Random

from lagan.hsm import marker as markers
from lagan.hsm.states import state_of
from lagan.hsm.target import Target
from lagan.store import open_volume
from tests.faults.moving import HERE, NAME, VERBS, move
from tests.faults.victim import CALLS, ROOT, WRITES, count
from tests.services.process import find_program

CONTENT = os.urandom(40_000) + bytes(60_000) + os.urandom(30_000)
MINE = b"another file that is there already"
MTIME = 1_500_000_000_123_456_789
OTHERS = ("fsetxattr", "fremovexattr", "fallocate", "utimensat", "fchmod", "fchown")
LEAST = {"migrate": 14, "recall": 8, "stub": 8, "hydrate": 10, "overwrite": 10, "here": 1}
ELSEWHERE = ("stub", "hydrate", "overwrite", "restub")
"""Verbs that make a file of what is at the target."""
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
        if self.verb in {"free", *ELSEWHERE, "replace"}:
            self.move("premigrate")
        if self.verb in {"recall", "here", "there"}:
            self.move("migrate")
        if self.verb in {"overwrite", "restub"}:
            (self.root / HERE).write_bytes(MINE)
        if self.verb in {"here", "there"}:
            self.write_into(path)
        if self.verb == "replace":
            self.content = CONTENT[::-1]
            path.write_bytes(self.content)
            os.utime(path, ns=(MTIME, MTIME + 1))

    def write_into(self, path: Path) -> None:
        """Somebody wrote into the stub: for `here` all of the content anew, which counts then."""
        written = CONTENT[::-1] if self.verb == "here" else b"written"
        with path.open("r+b") as stub:
            stub.write(written)
        if self.verb == "here":
            self.content = written
        os.utime(path, ns=(MTIME, MTIME + 1))

    @property
    def target(self) -> Target:
        return Target("bucket", open_volume(str(self.bucket)))

    @property
    def moved(self) -> Path:
        """The file that the verb is about."""
        return self.root / (HERE if self.verb in ELSEWHERE else NAME)

    def move(self, verb: str) -> None:
        move(verb, self.root, self.bucket)

    def struck(self, log: Path, inject: str = "") -> subprocess.CompletedProcess[str]:
        """The verb in a process of its own, under strace."""
        calls = ",".join(f"?{each}" for each in (*CALLS, *WRITES, *OTHERS))
        strace = find_program("strace", package="strace")
        command = [strace, "-f", "-qq", "-o", str(log), "-e", f"trace={calls}"]
        command += ["-e", f"inject={inject}"] if inject else []
        command += [sys.executable, "-m", "tests.faults.moving", self.verb]
        # What Python compiles the first time would be among the calls that are counted.
        environment = {**os.environ, "PYTHONDONTWRITEBYTECODE": "1"}
        return subprocess.run(
            [*command, str(self.root), str(self.bucket)],
            cwd=ROOT, env=environment, capture_output=True, text=True, timeout=150, check=False,
        )  # fmt: skip

    def expect_nothing_lost(self) -> None:
        """What says that it has content has it; what says that it is away is at the target."""
        both = self.verb in {"overwrite", "restub"}
        must_be = [self.root / NAME, *([self.root / HERE] if both else [])]
        assert all(path.exists() for path in must_be)
        for path in filter(Path.exists, (self.root / NAME, self.root / HERE)):
            marker = markers.read(path)
            if marker is not None and marker.away:
                assert self.target.holds(marker.object, marker.size, marker.sha256)
                if self.verb != "here":
                    assert marker.sha256 == hashlib.sha256(self.content).hexdigest()
            if marker is None or not marker.away or self.verb == "here":
                assert path.read_bytes() in (self.content, MINE if path == self.moved else b"")

    def expect_whole_in_the_end(self) -> None:
        """The same again succeeds; then nothing is left over, and all comes back as it was."""
        self.move(self.verb)
        assert not [each for each in self.target.volume.pending() if each.name.startswith("hsm-")]
        self.target.sweep(age=-1)
        assert not [each.name for each in self.target.volume.pending()]
        assert [each.name for each in self.target.volume.list()] == [NAME]
        assert {each.name for each in self.moved.parent.iterdir()} == {self.moved.name}
        away = self.verb in {"migrate", "free", "replace", "stub", "restub", "there"}
        told = "migrated" if away else "unmanaged" if self.verb == "here" else "premigrated"
        assert state_of(self.moved, self.moved.stat()) == told
        assert (self.moved.stat().st_blocks <= 8) == away
        if self.moved != self.root / NAME:
            shutil.copymode(self.moved, self.root / NAME)
            (self.moved).rename(self.root / NAME)
        self.move("recall")
        path, changed = self.root / NAME, self.verb in {"replace", "here"}
        assert path.read_bytes() == self.content
        assert path.stat().st_mtime_ns == MTIME + changed
        assert path.stat().st_mode & 0o7777 == 0o640
        assert os.getxattr(path, "user.note") == b"mine"


def all_strikes(folder: Path) -> list[Strike]:
    """Every call of an undisturbed run of every verb, in a folder of the filesystem that counts:
    they differ by a call or two."""
    return [each for verb in VERBS for each in strikes_of(verb, folder)]


def some_strikes(folder: Path, number: int, lot: Random) -> list[Strike]:
    """As many, drawn: verbs first, then of each a call."""
    return [lot.choice(strikes_of(verb, folder)) for verb in lot.sample(list(VERBS), number)]


def strikes_of(verb: str, folder: Path) -> list[Strike]:
    place = folder / f"undisturbed-{verb}"
    done = Scene(place, verb).struck(place / "calls")
    assert done.returncode == 0, done.stderr
    calls = count([each.partition(" ")[2].strip() for each in seen(place / "calls")])
    assert calls.total() >= LEAST.get(verb, 5), calls
    shutil.rmtree(place)
    return [
        Strike(verb, call, nth)
        for call, last in sorted(calls.items())
        for nth in range(1, last + 1)
    ]


def seen(log: Path) -> list[str]:
    """The lines that strace wrote."""
    return log.read_text().splitlines()


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
