"""kill -9 at every call that writes, every such call failing once, and the power gone at every one,
while a group of files goes to a target and back: none is lost or torn, and nothing is left over."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest

from tests.chance import dice
from tests.faults.moving_together import NAMES
from tests.faults.tiering_scene import Strike, expect_all, seen
from tests.faults.together_scene import Group, all_group_strikes
from tests.services.disks import Disk, mounted

ERRORS = ("ENOSPC", "EIO")
SAMPLE = 5
"""Points of each kind in `make test`: about half a second each."""


@pytest.fixture(scope="module")
def strikes(tmp_path_factory: pytest.TempPathFactory) -> list[Strike]:
    return all_group_strikes(tmp_path_factory.mktemp("undisturbed"))


@pytest.fixture
def disk() -> Iterator[Disk]:
    with mounted("ext4") as made:
        yield made


def to_fail(strikes: list[Strike]) -> list[tuple[Strike, str]]:
    """What Linux's own filesystems may answer: times never lack space."""
    return [
        (each, error)
        for each in strikes
        for error in ERRORS
        if not (error == "ENOSPC" and each.call == "utimensat")
    ]


@pytest.mark.fault
@pytest.mark.slow
def test_killed_at_some_calls(strikes: list[Strike], tmp_path: Path) -> None:
    """All of them are `make soak`."""
    for strike in dice("kill together").sample(strikes, SAMPLE):
        kill_at(strike, tmp_path)


@pytest.mark.fault
@pytest.mark.slow
def test_failing_at_some_calls(strikes: list[Strike], tmp_path: Path) -> None:
    for strike, error in dice("fail together").sample(to_fail(strikes), SAMPLE):
        fail_at(strike, error, tmp_path)


@pytest.mark.fault
@pytest.mark.slow
def test_the_power_goes_at_some_calls(disk: Disk) -> None:
    strikes = all_group_strikes(disk.folder)
    for strike in dice("power together").sample(strikes, SAMPLE):
        cut_at(strike, disk)


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


@pytest.mark.soak
@pytest.mark.timeout(7200)
def test_the_power_goes_at_every_call(disk: Disk) -> None:
    strikes = all_group_strikes(disk.folder)
    expect_all({str(each): partial(cut_at, each, disk) for each in strikes})


def kill_at(strike: Strike, tmp_path: Path) -> None:
    folder = tmp_path / f"killed-{strike}"
    scene = Group(folder, strike.verb)
    done = scene.struck(folder / "calls", f"{strike.call}:signal=KILL:when={strike.nth}")
    assert done.returncode == -9, f"{strike}: {done}"
    scene.expect_nothing_lost()
    scene.expect_whole_in_the_end()


def fail_at(strike: Strike, error: str, tmp_path: Path) -> None:
    folder = tmp_path / f"failed-{strike}-{error}"
    scene = Group(folder, strike.verb)
    done = scene.struck(folder / "calls", f"{strike.call}:error={error}:when={strike.nth}")
    assert any("(INJECTED)" in each for each in seen(folder / "calls")), str(strike)
    assert done.returncode == 0, f"{strike} {error}: {done}"
    refused = [line for line in done.stderr.splitlines() if line.startswith("refused: ")]
    assert len(refused) == len(done.stderr.splitlines()), done.stderr
    # Only the flush of a folder's names is everybody's whose name is there.
    assert len(refused) <= (len(NAMES) if strike.call == "fsync" else 1), done.stderr
    scene.expect_nothing_lost()
    assert not [each.name for each in scene.target.volume.pending()], f"{strike} {error}"
    scene.expect_whole_in_the_end()


def cut_at(strike: Strike, disk: Disk) -> None:
    folder = disk.folder / str(strike)
    scene = Group(folder, strike.verb)
    disk.settle()
    log = disk.image.with_name("calls")
    done = scene.struck(log, f"{strike.call}:signal=KILL:when={strike.nth}")
    assert done.returncode == -9, f"{strike}: {done}"
    disk.cut()
    scene.expect_nothing_lost()
    scene.expect_whole_in_the_end()
    shutil.rmtree(folder)
