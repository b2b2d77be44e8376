"""Filesystems of their own, in images and in memory: full, read-only, and with the power cut."""

from __future__ import annotations

import fcntl
import os
import shutil
import struct
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import psutil

from tests.services.process import find_program

KINDS = ("ext4", "xfs", "btrfs", "tmpfs")
ON_DISK = ("ext4", "xfs", "btrfs")
SIZE = 320 << 20
"""Bytes: the least that XFS takes; the image is a sparse file."""
_PACKAGES = {"ext4": "e2fsprogs", "xfs": "xfsprogs", "btrfs": "btrfs-progs"}
_SHUTDOWN, _WITHOUT_FLUSH = 0x8004587D, 2
"""EXT4_IOC_SHUTDOWN, XFS_IOC_GOINGDOWN: the filesystem is gone at once, its journal as it is on the
disk."""
_PREFIX = "lagan-disk-"


class Disk:
    """A filesystem of a `kind`, mounted at `folder`, which takes root."""

    def __init__(self, kind: str, place: Path, options: str = "") -> None:
        self.kind = kind
        self.image, self.folder = place / "image", place / "disk"
        self._options = options
        self.folder.mkdir()
        if kind != "tmpfs":
            self._lay_out()
        self.mount()

    def mount(self, *options: str) -> None:
        words = ",".join(each for each in (self._options, *options) if each)
        if self.kind == "tmpfs":
            words = ",".join(["size=256M", *([words] if words else [])])
            self._run("mount", "-t", "tmpfs", "-o", words, "tmpfs", str(self.folder))
        else:
            # Nothing is flushed that nobody asked for, however long a busy machine takes.
            lazy = [] if self.kind == "xfs" else ["commit=300"]
            words = ",".join(["loop", *lazy, *([words] if words else [])])
            self._run("mount", "-t", self.kind, "-o", words, str(self.image), str(self.folder))

    def mount_again(self, option: str) -> None:
        """Change an option of the mounted filesystem: `ro`, `rw`."""
        self._run("mount", "-o", f"remount,{option}", str(self.folder))

    def unmount(self) -> None:
        self._run("umount", str(self.folder))

    def settle(self) -> None:
        """Everything is on the disk from now on."""
        self._run("sync", "-f", str(self.folder))

    def cut(self) -> None:
        """Everything that was not flushed is lost; the disk comes back."""
        if self.kind == "btrfs":
            self._go_back_to_what_is_on_the_disk()
            return
        descriptor = os.open(self.folder, os.O_RDONLY | os.O_DIRECTORY)
        try:
            fcntl.ioctl(descriptor, _SHUTDOWN, struct.pack("I", _WITHOUT_FLUSH))
        finally:
            os.close(descriptor)
        self.unmount()
        self.mount()

    def _go_back_to_what_is_on_the_disk(self) -> None:
        """Btrfs cannot be shut down: the image as it is now is what a power cut leaves, for what
        was not flushed has not reached it."""
        left = self.image.with_name("left")
        self._run("cp", "--sparse=always", str(self.image), str(left))
        self.unmount()
        left.replace(self.image)
        self.mount()

    def fill(self, leave: int = 0) -> None:
        """Take all its room but about `leave` bytes, with a file."""
        descriptor = os.open(
            self.folder / "ballast", os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC, 0o600
        )
        try:
            for piece in (16 << 20, 1 << 20, 1 << 16, 1 << 12):
                _take_until_full(descriptor, piece)
            if leave:
                os.ftruncate(descriptor, max(0, os.fstat(descriptor).st_size - leave))
            os.fsync(descriptor)
        finally:
            os.close(descriptor)

    def empty(self) -> None:
        """Take the file away that fills it."""
        (self.folder / "ballast").unlink()
        self.settle()  # some give back room only then

    def _lay_out(self) -> None:
        with self.image.open("wb") as image:
            image.truncate(SIZE)
        self._run(f"mkfs.{self.kind}", "-q", str(self.image))

    def _run(self, program: str, *words: str) -> None:
        package = _PACKAGES.get(self.kind, "mount")
        path = find_program(program, "/usr/sbin", "/sbin", package=package)
        done = subprocess.run([path, *words], capture_output=True, text=True, check=False)
        assert done.returncode == 0, f"{program} {words} (as root): {done.stderr}"


@contextmanager
def mounted(kind: str, options: str = "") -> Iterator[Disk]:
    """A disk for the length of a block. Those that a killed run left are taken away first."""
    _take_away_what_is_left()
    place = Path(tempfile.mkdtemp(prefix=f"{_PREFIX}{os.getpid()}-"))
    try:
        disk = Disk(kind, place, options)
        yield disk
        disk.unmount()
    finally:
        _take_away(place)


def _take_away_what_is_left() -> None:
    for place in Path(tempfile.gettempdir()).glob(f"{_PREFIX}*"):
        if psutil.pid_exists(int(place.name.removeprefix(_PREFIX).partition("-")[0])):
            continue
        _take_away(place)


def _take_away(place: Path) -> None:
    while (place / "disk").is_mount():  # after a test that failed, with somebody still in it
        subprocess.run(["umount", "--lazy", str(place / "disk")], check=True)
    shutil.rmtree(place, ignore_errors=True)


def _take_until_full(descriptor: int, piece: int) -> None:
    with suppress(OSError):
        while True:
            os.posix_fallocate(descriptor, os.fstat(descriptor).st_size, piece)
