"""kill -9 of a walk for changes at the calls that change the disk, and each of them refused: the
next attempt finds exactly what changed, and no torn listing has a listing's name."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from lagan.worker.site import listings
from lagan.worker.site.snapshots import KEPT
from tests.chance import dice
from tests.faults.snapshot import KEY
from tests.services.process import find_program

CALLS = ("fsync", "rename", "mkdir", "unlink", "unlinkat", "rmdir", "pwritev", "write")
SAMPLE = 2
ROOT = Path(__file__).parents[2]
NAME = re.compile(r"[0-9]+-[0-9]+-[0-9]+")
Point = tuple[str, int]


@pytest.fixture
def site(tmp_path: Path) -> Path:
    root = tmp_path / "data"
    for folder in ("a", "b"):
        (root / folder).mkdir(parents=True)
        for n in range(40):
            (root / folder / f"x{n}").write_bytes(b"content")
    return root


def walk(root: Path, attempt: int, since: str | None, inject: str | None = None) -> Any:
    """What the walk told, None when it did not come to its end; its calls are in `strace.log`."""
    injected = ["-e", f"inject={inject}"] if inject else []
    log = root.parent / "strace.log"
    done = subprocess.run(
        [
            *(
                find_program("strace", package="strace"),
                "-qq",
                "-o",
                str(log),
                "-e",
                f"trace={','.join(CALLS)}",
            ),
            *(*injected, sys.executable, "-m", "tests.faults.snapshot", str(root), str(attempt)),
            *([since] if since else []),
        ],
        cwd=ROOT,
        env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        text=True,
        timeout=150,
        check=False,
    )
    return json.loads(done.stdout) if done.returncode == 0 else None


def changed(root: Path) -> tuple[str, list[str]]:
    """A site of which listings were saved and then something changed: the listing, and what."""
    first = walk(root, 1, None)["listing"]
    for attempt in range(2, KEPT + 3):  # so many that some are to be removed
        first = walk(root, attempt, first)["listing"]
    (root / "a/x3").write_bytes(b"changed")
    (root / "b/new").write_bytes(b"new")
    (root / "b/x7").unlink()
    return first, [f"{root}/a/x3", f"{root}/b/new"]


def points(root: Path, since: str) -> list[Point]:
    """Every call of an undisturbed run that may be struck."""
    shutil.copytree(root / ".lagan", root.parent / "notes")
    assert walk(root, 10, since) is not None
    lines = (root.parent / "strace.log").read_text().splitlines()
    seen = Counter(line.partition("(")[0] for line in lines)
    assert seen["fsync"] >= 2, seen
    assert seen["rename"] >= 1, seen
    assert seen["mkdir"] >= 1, seen
    assert seen["unlink"] >= 1, seen
    return [(call, nth) for call, count in sorted(seen.items()) for nth in range(1, count + 1)]


def struck(root: Path, since: str, expected: list[str], point: Point, how: str) -> None:
    """Strike one attempt, and see that the next one finds what it should."""
    call, nth = point
    shutil.rmtree(root / ".lagan")
    shutil.copytree(root.parent / "notes", root / ".lagan")
    told = walk(root, 20, since, f"{call}:{how}:when={nth}")
    log = (root.parent / "strace.log").read_text()
    if how == "signal=KILL":
        assert told is None, f"the walk lived on after {point}"
        assert "killed by SIGKILL" in log
    else:
        assert "(INJECTED)" in log, f"{point} never came"
    for each in (root / ".lagan/listings" / KEY).iterdir():
        if NAME.fullmatch(each.name):
            assert list(listings.read(each)), point
    told = walk(root, 21, since)
    assert told["found"] == expected, point
    assert (told["changed"], told["new"], told["removed"]) == (1, 1, 1), point
    after = walk(root, 22, told["listing"])
    assert after["found"] == [], point


@pytest.mark.fault
@pytest.mark.slow
@pytest.mark.parametrize("how", ["signal=KILL", "error=ENOSPC", "error=EIO"])
def test_struck_at_some_calls(site: Path, how: str) -> None:
    """All of them are `make soak`."""
    since, expected = changed(site)
    for point in dice().sample(points(site, since), SAMPLE):
        struck(site, since, expected, point, how)


@pytest.mark.soak
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("how", ["signal=KILL", "error=ENOSPC", "error=EIO"])
def test_struck_at_every_call(site: Path, how: str) -> None:
    since, expected = changed(site)
    for point in points(site, since):
        struck(site, since, expected, point, how)
