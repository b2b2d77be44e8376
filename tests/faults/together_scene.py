"""A few files of a site and their target before, while and after their content moves as one group
in a process that is struck."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from collections import Counter
from pathlib import Path

from lagan.hsm import marker as markers
from lagan.hsm.migrating import Outcome
from lagan.hsm.target import Target
from lagan.store import open_volume
from tests.faults.moving_together import NAMES, VERBS, move
from tests.faults.tiering_scene import OTHERS, Strike, seen
from tests.faults.victim import CALLS, ROOT, WRITES, count
from tests.services.process import find_program

CONTENTS = {
    name: os.urandom(9_000) + bytes(12_000 * at) + os.urandom(7_000)
    for at, name in enumerate(NAMES)
}
MTIME = 1_500_000_000_123_456_789
LEAST = {"migrate": 40, "premigrate": 30, "free": 15, "recall": 20}
"""An undisturbed run has at least so many calls that write, or nothing would be proved."""


class Group:
    """A site's folder and a target, as they are before a verb."""

    def __init__(self, folder: Path, verb: str) -> None:
        self.root, self.bucket, self.verb = folder / "root", folder / "bucket", verb
        (self.root / "run").mkdir(parents=True)
        self.bucket.mkdir()
        for name, content in CONTENTS.items():
            path = self.root / name
            path.write_bytes(content)
            os.setxattr(path, "user.note", b"mine")
            os.utime(path, ns=(MTIME, MTIME))
        for before in {"free": ["premigrate"], "recall": ["migrate"]}.get(verb, []):
            self.move(before)

    @property
    def target(self) -> Target:
        return Target("bucket", open_volume(str(self.bucket)))

    def move(self, verb: str) -> None:
        """Undisturbed, every file is done."""
        ends = move(verb, self.root, self.bucket)
        assert all(isinstance(end, Outcome) for end in ends), ends

    def struck(self, log: Path, inject: str = "") -> subprocess.CompletedProcess[str]:
        """The verb in a process of its own, under strace."""
        calls = ",".join(f"?{each}" for each in (*CALLS, *WRITES, *OTHERS))
        command = [find_program("strace", package="strace"), "-f", "-qq", "-o", str(log)]
        command += ["-e", f"trace={calls}", *(["-e", f"inject={inject}"] if inject else [])]
        command += [sys.executable, "-m", "tests.faults.moving_together", self.verb]
        return subprocess.run(
            [*command, str(self.root), str(self.bucket)],
            cwd=ROOT, capture_output=True, text=True, timeout=120, check=False,
        )  # fmt: skip

    def expect_nothing_lost(self) -> None:
        """What says that it has content has it; what says that it is away is at the target."""
        for name, content in CONTENTS.items():
            marker = markers.read(self.root / name)
            if marker is not None and marker.away:
                assert marker.sha256 == hashlib.sha256(content).hexdigest()
                assert self.target.holds(marker.object, marker.size, marker.sha256)
            else:
                assert (self.root / name).read_bytes() == content

    def expect_whole_in_the_end(self) -> None:
        """The same again succeeds; then nothing is left over, and all comes back as it was."""
        self.move(self.verb)
        self.target.sweep(age=-1)
        assert not [each.name for each in self.target.volume.pending()]
        assert {each.name for each in self.target.volume.list()} == set(NAMES)
        for name in NAMES:
            away = self.verb in {"migrate", "free"}
            marker = markers.read(self.root / name)
            assert marker is not None
            assert marker.state == ("migrated" if away else "premigrated")
            assert ((self.root / name).stat().st_blocks <= 8) == away
            assert self.target.find(str(self.root / name), "").object == name
        self.move("recall")
        for name, content in CONTENTS.items():
            path = self.root / name
            assert (path.read_bytes(), path.stat().st_mtime_ns) == (content, MTIME)
            assert os.getxattr(path, "user.note") == b"mine"


def all_group_strikes(folder: Path) -> list[Strike]:
    """Every call of an undisturbed run of every verb."""
    found = []
    for verb in VERBS:
        log = folder / verb / "calls"
        done = Group(folder / verb, verb).struck(log)
        assert done.returncode == 0, done.stderr
        assert not done.stderr, done.stderr
        assert len({each.split()[0] for each in seen(log)}) == 1, "more than one thread wrote"
        calls: Counter[str] = count([each.partition(" ")[2].strip() for each in seen(log)])
        assert calls.total() >= LEAST[verb], calls
        found += [
            Strike(verb, call, nth)
            for call, last in sorted(calls.items())
            for nth in range(1, last + 1)
        ]
    return found
