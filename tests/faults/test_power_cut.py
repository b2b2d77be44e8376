"""The power goes at a call that writes, and with it all that was not flushed: what says that it is
safe is safe, and what was begun is brought to its end."""

from __future__ import annotations

import fcntl
import os
import shutil
import struct
import subprocess
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest

from tests.chance import dice
from tests.faults.tiering_scene import Scene, Strike, all_strikes, expect_all
from tests.services.process import find_program

SIZE = 64 << 20
SAMPLE = 6
"""Points in `make test`: about half a second each."""
_SHUTDOWN, _WITHOUT_FLUSH = 0x8004587D, 2
"""EXT4_IOC_SHUTDOWN: the filesystem is gone at once, its journal as it is on the disk."""


class Disk:
    """An ext4 filesystem of its own in an image, which takes root."""

    def __init__(self, folder: Path) -> None:
        self.image, self.folder = folder / "image", folder / "disk"
        self.folder.mkdir()
        with self.image.open("wb") as image:
            image.truncate(SIZE)
        self.run("mkfs.ext4", "-q", str(self.image))
        self.mount()

    def mount(self) -> None:
        # Nothing is flushed that nobody asked for, however long a busy machine takes.
        self.run("mount", "-o", "loop,commit=300", str(self.image), str(self.folder))

    def unmount(self) -> None:
        self.run("umount", str(self.folder))

    def settle(self) -> None:
        """Everything is on the disk from now on."""
        self.run("sync", "-f", str(self.folder))

    def cut(self) -> None:
        """Everything that was not flushed is lost; the disk comes back."""
        descriptor = os.open(self.folder, os.O_RDONLY | os.O_DIRECTORY)
        try:
            fcntl.ioctl(descriptor, _SHUTDOWN, struct.pack("I", _WITHOUT_FLUSH))
        finally:
            os.close(descriptor)
        self.unmount()
        self.mount()

    def run(self, program: str, *words: str) -> None:
        path = find_program(program, Path("/usr/sbin"), package="e2fsprogs and mount")
        done = subprocess.run([path, *words], capture_output=True, text=True, check=False)
        assert done.returncode == 0, f"{program} (as root): {done.stderr}"


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Disk]:
    made = Disk(tmp_path)
    yield made
    made.unmount()


@pytest.fixture(scope="module")
def strikes(tmp_path_factory: pytest.TempPathFactory) -> list[Strike]:
    return all_strikes(tmp_path_factory.mktemp("undisturbed"))


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
def test_the_power_goes_at_some_calls(strikes: list[Strike], disk: Disk) -> None:
    """All of them are `make soak`."""
    for strike in dice("power").sample(strikes, SAMPLE):
        cut_at(strike, disk)


@pytest.mark.soak
@pytest.mark.timeout(7200)
def test_the_power_goes_at_every_call(strikes: list[Strike], disk: Disk) -> None:
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
