"""The power goes at a call that writes, and with it all that was not flushed: what says that it is
safe is safe, and what was begun is brought to its end."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from functools import partial

import pytest

from tests.chance import dice
from tests.faults.tiering_scene import Scene, Strike, all_strikes, expect_all, some_strikes
from tests.services.disks import ON_DISK, Disk, mounted

SAMPLE = 3
"""Points of each filesystem in `make test`: about half a second each."""


@pytest.fixture(params=ON_DISK)
def disk(request: pytest.FixtureRequest) -> Iterator[Disk]:
    with mounted(request.param) as made:
        yield made


@pytest.mark.fault
def test_what_is_not_flushed_is_lost_when_this_disk_is_cut(disk: Disk) -> None:
    """Or the tests below would show nothing."""
    (disk.folder / "kept").write_bytes(b"kept")
    disk.settle()
    (disk.folder / "lost").write_bytes(b"lost")
    disk.cut()
    assert (disk.folder / "kept").read_bytes() == b"kept"
    assert not (disk.folder / "lost").exists()


@pytest.mark.fault
@pytest.mark.slow
def test_the_power_goes_at_some_calls(disk: Disk) -> None:
    """All of them are `make soak`."""
    for strike in some_strikes(disk.folder, SAMPLE, dice(f"power {disk.kind}")):
        cut_at(strike, disk)


@pytest.mark.soak
@pytest.mark.timeout(7200)
def test_the_power_goes_at_every_call(disk: Disk) -> None:
    strikes = all_strikes(disk.folder)
    expect_all({str(each): partial(cut_at, each, disk) for each in strikes})


def cut_at(strike: Strike, disk: Disk) -> None:
    folder = disk.folder / str(strike)
    scene = Scene(folder, strike.verb)
    disk.settle()
    log = disk.image.with_name("calls")
    done = scene.struck(log, f"{strike.call}:signal=KILL:when={strike.nth}")
    assert done.returncode == -9, f"{strike}: {done}"
    disk.cut()
    scene.expect_nothing_lost()
    scene.expect_whole_in_the_end()
    shutil.rmtree(folder)
