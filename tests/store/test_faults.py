"""Killed or refused at any write-side system call: nothing acknowledged is lost, nothing torn is
seen."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from lagan.store import Damage, FileLine, Journal, VoidLine, Volume, open_volume, verify
from tests.chance import dice
from tests.store.conftest import get, names
from tests.store.landing import SIZES, content_of, name_of

pytestmark = [pytest.mark.fault, pytest.mark.timeout(900)]

CALLS = (
    *("fsync", "pwritev", "pwritev2", "pwrite64", "ftruncate", "sync_file_range", "flock"),
    *("rename", "renameat2", "link", "linkat", "unlink", "unlinkat", "mkdir", "mkdirat", "rmdir"),
)
EXPECTED = {"fsync": 15, "pwritev2": 8, "renameat2": len(SIZES), "mkdir": 5, "rename": 2}
"""A run has at least so many of each, or the tests would prove nothing."""
ERRORS = ("ENOSPC", "EIO", "EDQUOT", "EACCES")
KILLS, REFUSALS = 18, 12
"""Points in `make test`: half a second each."""


@dataclass(frozen=True)
class Run:
    """One run of the program under strace."""

    code: int
    said: list[str]
    words: str
    calls: list[str]


def store(folder: Path, *, inject: str = "") -> Run:
    """Run the program on the volume in `folder`; `inject` in the words of strace."""
    log = folder.parent / "calls"
    command = ["strace", "-qq", "-o", str(log), "-e", "trace=" + ",".join(f"?{c}" for c in CALLS)]
    if inject:
        command += ["-e", f"inject={inject}"]
    program = [sys.executable, "-m", "tests.store.landing", str(folder), str(rows_of(folder))]
    done = subprocess.run(
        [*command, *program],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1"},
    )
    return Run(done.returncode, done.stdout.splitlines(), done.stderr, log.read_text().splitlines())


def rows_of(folder: Path) -> Path:
    return folder.parent / "rows"


@pytest.fixture(scope="module")
def clean(tmp_path_factory: pytest.TempPathFactory) -> Counter[str]:
    """How often each call happens when nothing goes wrong."""
    folder = tmp_path_factory.mktemp("clean") / "volume"
    folder.mkdir()
    run = store(folder)
    assert (run.code, run.words) == (0, "")
    assert run.said == [f"stored {number}" for number in range(len(SIZES))]
    counts = Counter(line.partition("(")[0] for line in run.calls if "(" in line)
    assert all(counts[call] >= least for call, least in EXPECTED.items()), counts
    return counts


def points(counts: Counter[str], *, ends_only: bool = False) -> Iterator[tuple[str, int]]:
    for call, count in sorted(counts.items()):
        for nth in {1, count} if ends_only else range(1, count + 1):
            yield call, nth


def some(points: Iterable[tuple[str, int]], count: int, purpose: str) -> list[tuple[str, int]]:
    """One of each call, and others by lot, `count` together: all of them are `make soak`."""
    rng, drawn = dice(purpose), dict[str, tuple[str, int]]()
    shuffled = rng.sample(every := list(points), len(every))
    for call, nth in shuffled:
        drawn.setdefault(call, (call, nth))
    of_each = list(drawn.values())
    return [*of_each, *(each for each in shuffled if each not in of_each)][:count]


def expect_whole(volume: Volume, run: Run) -> None:
    """What was acknowledged is there; what is there is whole; the journal is sound."""
    stored = [int(line.split()[1]) for line in run.said if line.startswith("stored")]
    expected = {name_of(number): number for number in range(len(SIZES))}
    for name in names(volume):
        assert get(volume, name) == content_of(expected[name])
    lines = list(Journal(volume).entries())
    assert not [line for line in lines if isinstance(line, Damage)]
    void = {line.id for line in lines if isinstance(line, VoidLine)}
    counted = {
        line.object: line for line in lines if isinstance(line, FileLine) and line.id not in void
    }
    for number in stored:
        line = counted[name_of(number)]
        found = verify(volume, line.object, 0, line.length, line.digests, depth="full")
        assert found.good, (number, found)


def sweep(volume: Volume, folder: Path) -> None:
    """What the archive does after a crash: drop uploads and objects that no row knows."""
    rows = rows_of(folder)
    known = set(rows.read_text().splitlines()) if rows.exists() else set()
    for waiting in list(volume.pending()):
        volume.resume(waiting.name, size=0).discard()
    for name in names(volume) - known:
        volume.delete(name)


def expect_nothing_else(folder: Path, volume: Volume) -> None:
    """Every file is an object or one of the volume's own."""
    own = {".lagan/volume.json", ".lagan/README.txt", ".lagan/journal/000001.jsonl"}
    there = {str(p.relative_to(folder)) for p in folder.rglob("*") if not p.is_dir()}
    assert there - own == names(volume)
    assert not list(volume.pending())


def fresh(tmp_path: Path) -> Path:
    for old in tmp_path.iterdir():
        shutil.rmtree(old) if old.is_dir() else old.unlink()
    (tmp_path / "volume").mkdir()
    return tmp_path / "volume"


def test_killed_at_some_calls_nothing_is_lost(tmp_path: Path, clean: Counter[str]) -> None:
    for call, nth in some(points(clean), KILLS, "kill"):
        kill_at(call, nth, tmp_path)


@pytest.mark.soak
def test_killed_at_every_call_nothing_is_lost(tmp_path: Path, clean: Counter[str]) -> None:
    for call, nth in points(clean):
        kill_at(call, nth, tmp_path)


def kill_at(call: str, nth: int, tmp_path: Path) -> None:
    folder = fresh(tmp_path)
    run = store(folder, inject=f"{call}:signal=KILL:when={nth}")
    assert run.code in (-9, 137), f"{call} {nth} was not killed: {run}"
    volume = open_volume(str(folder))
    expect_whole(volume, run)
    sweep(volume, folder)
    expect_nothing_else(folder, volume)
    expect_whole(volume, run)


@pytest.mark.parametrize("error", ERRORS)
def test_refused_at_some_calls_nothing_is_left(
    tmp_path: Path, clean: Counter[str], error: str
) -> None:
    for call, nth in some(points(clean), REFUSALS, error):
        refuse_at(call, nth, error, tmp_path)


@pytest.mark.soak
@pytest.mark.parametrize("error", ERRORS)
def test_refused_at_every_call_nothing_is_left(
    tmp_path: Path, clean: Counter[str], error: str
) -> None:
    """Errors that take the same way as another are tried at the first and last of each call."""
    for call, nth in points(clean, ends_only=error in {"EDQUOT", "EACCES"}):
        refuse_at(call, nth, error, tmp_path)


def refuse_at(call: str, nth: int, error: str, tmp_path: Path) -> None:
    folder = fresh(tmp_path)
    run = store(folder, inject=f"{call}:error={error}:when={nth}")
    assert any("(INJECTED)" in line for line in run.calls), f"{call} {nth}: nothing injected"
    assert (run.code, run.words) == (0, ""), f"{call} {nth}: {run.words}"
    volume = open_volume(str(folder))
    expect_whole(volume, run)
    refused = [line for line in run.said if line.startswith("refused")]
    assert len(refused) <= 1, f"{call} {nth}: {run.said}"
    if refused:
        assert refused[0].split()[2] in {"no-space", "unavailable"}, refused
    stored = {name_of(int(line.split()[1])) for line in run.said if line.startswith("stored")}
    assert names(volume) == stored, f"{call} {nth}: {run.said}"
    expect_nothing_else(folder, volume)


def test_a_disk_that_takes_no_byte_is_not_believed(tmp_path: Path, clean: Counter[str]) -> None:
    writes = range(1, clean["pwritev2"] + 1)
    for nth in dice().sample(writes, 3):
        folder = fresh(tmp_path)
        run = store(folder, inject=f"pwritev2:retval=0:when={nth}")
        assert any("(INJECTED)" in line for line in run.calls)
        assert sum(line.startswith("refused") for line in run.said) == 1
        volume = open_volume(str(folder))
        expect_whole(volume, run)
        expect_nothing_else(folder, volume)
