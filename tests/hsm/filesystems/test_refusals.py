"""What cannot move says why, by its category, and is left as it was."""

from __future__ import annotations

import os
import socket
import subprocess
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from stat import S_IFBLK, S_IFCHR
from typing import Any

import pytest

from lagan.hsm import marker as markers
from lagan.worker.place import Place, serving
from lagan.worker.site import tiering
from tests.hsm.conftest import MTIME, sectors, state
from tests.services.disks import Disk, mounted
from tests.services.process import find_program
from tests.worker.told import Told

SIZE = 1 << 20
Step = Callable[[Told, Mapping[str, Any], Sequence[str]], object]


def _socket(path: Path) -> None:
    folder = os.open(path.parent, os.O_PATH)
    with socket.socket(socket.AF_UNIX) as one:
        one.bind(f"/proc/self/fd/{folder}/{path.name}")  # its address may not be long
    os.close(folder)


ODD: dict[str, tuple[Callable[[Path], object], str]] = {
    "link": (lambda path: path.symlink_to("scan.dat"), "skipped.link"),
    "dangling": (lambda path: path.symlink_to("nowhere"), "skipped.link"),
    "folder": (lambda path: path.mkdir(), "skipped.folder"),
    "fifo": (os.mkfifo, "skipped.special"),
    "socket": (_socket, "skipped.special"),
    "zero": (lambda path: os.mknod(path, S_IFCHR, os.makedev(1, 5)), "skipped.special"),
    "loop": (lambda path: os.mknod(path, S_IFBLK, os.makedev(7, 200)), "skipped.special"),
}


def make(folder: Path, size: int = SIZE) -> tuple[Path, bytes]:
    path = folder / "scan.dat"
    path.write_bytes(os.urandom(size))
    os.utime(path, ns=(MTIME, MTIME))
    return path, path.read_bytes()


def outcome(verb: Step, path: Path, **args: object) -> str:
    """The category that one item ended with; empty when it was done."""
    told = Told()
    verb(told, args, [str(path)])
    return told.categories.get(str(path), "")


def test_what_is_no_file_is_skipped(site: Path) -> None:
    file, content = make(site)
    for name, (create, expected) in ODD.items():
        create(site / name)
        assert outcome(tiering.migrate, site / name) == expected
        assert outcome(tiering.recall, site / name) == expected
    assert (file.read_bytes(), state(file)) == (content, "unmanaged")


@pytest.mark.parametrize("flag", ["i", "a"])
def test_a_file_that_may_not_change_does_not_move(site: Path, flag: str) -> None:
    path, content = make(site)
    with forbidden(path, flag):
        assert outcome(tiering.migrate, path) == "failed.unreadable"
        assert (path.read_bytes(), markers.read(path)) == (content, None)
    assert outcome(tiering.migrate, path) == ""
    with forbidden(path, flag):
        assert outcome(tiering.recall, path) == "failed.unreadable"
        assert outcome(tiering.delete, path) == "failed.unreadable"
    assert outcome(tiering.recall, path) == ""
    assert path.read_bytes() == content


@contextmanager
def forbidden(path: Path, flag: str) -> Iterator[None]:
    chattr = find_program("chattr", package="e2fsprogs")
    subprocess.run([chattr, f"+{flag}", str(path)], check=True)
    try:
        yield
    finally:
        subprocess.run([chattr, f"-{flag}", str(path)], check=True)


@pytest.fixture
def lone(own_disk: Disk, bucket: Path) -> Iterator[Disk]:
    """A site's disk that may be filled and made read-only."""
    with serving(Place((own_disk.folder,), targets={"bucket": str(bucket)})):
        yield own_disk


def test_a_disk_that_is_read_only_says_so(lone: Disk) -> None:
    path, content = make(lone.folder)
    assert outcome(tiering.migrate, path, premigrate=True) == ""
    lone.mount_again("ro")
    for verb in (tiering.migrate, tiering.delete):
        assert outcome(verb, path) == "failed.read-only"
    assert (path.read_bytes(), state(path)) == (content, "premigrated")
    lone.mount_again("rw")
    assert outcome(tiering.migrate, path) == ""
    lone.mount_again("ro")
    assert outcome(tiering.recall, path) == "failed.read-only"
    assert outcome(tiering.stat, path) == ""
    assert state(path) == "migrated"


def test_a_full_disk_gets_room_again_by_migrating(lone: Disk) -> None:
    """The marker takes a block, where it does not fit into the inode."""
    path, content = make(lone.folder)
    lone.fill()
    assert outcome(tiering.migrate, path) in ("", "failed.again.full")
    if state(path) != "migrated":
        assert path.read_bytes() == content
        lone.empty()
        lone.fill(leave=256 << 10)
        assert outcome(tiering.migrate, path) == ""
    assert state(path) == "migrated"
    lone.fill()
    assert outcome(tiering.recall, path) == "failed.again.full"
    expect_a_stub(path)
    lone.empty()
    assert outcome(tiering.recall, path) == ""
    assert path.read_bytes() == content


def test_a_disk_that_becomes_full_while_content_comes_back(
    lone: Disk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Looking for room before is not enough: others write too."""
    path, content = make(lone.folder, 4 * SIZE)
    assert outcome(tiering.migrate, path) == ""

    def fill(*_: object) -> None:
        lone.fill(SIZE)

    monkeypatch.setattr("lagan.hsm.recalling.expect_room", fill)
    monkeypatch.setattr("lagan.hsm.reverse.expect_room", fill)
    assert outcome(tiering.recall, path) == "failed.again.full"
    expect_a_stub(path)
    lone.empty()
    path.unlink()
    assert outcome(tiering.reverse_stub, path, hydrate=True) == "failed.again.full"
    assert {each.name for each in lone.folder.iterdir()} <= {"ballast", "lost+found"}
    lone.empty()
    monkeypatch.undo()
    assert outcome(tiering.reverse_stub, path, hydrate=True) == ""
    assert path.read_bytes() == content


def expect_a_stub(path: Path) -> None:
    marker = markers.read(path)
    assert marker is not None
    assert marker.state == "migrated"
    assert (path.stat().st_mtime_ns, state(path)) == (MTIME, "migrated")
    assert sectors(path) <= 8


def test_a_quota_that_is_used_up_is_told_as_a_full_disk(bucket: Path) -> None:
    """Btrfs counts by subvolume, and root too."""
    with mounted("btrfs") as disk:
        part = disk.folder / "part"
        btrfs("quota", "enable", str(disk.folder))
        btrfs("subvolume", "create", str(part))
        with serving(Place((part,), targets={"bucket": str(bucket)})):
            path, content = make(part, 4 * SIZE)
            assert outcome(tiering.migrate, path) == ""
            disk.settle()
            btrfs("qgroup", "limit", "1M", str(part))
            assert outcome(tiering.recall, path) == "failed.again.full"
            # Where even letting go takes room, what came back stays, and is not trusted.
            assert (state(path), path.stat().st_size) == ("migrated", 4 * SIZE)
            btrfs("qgroup", "limit", "none", str(part))
            assert outcome(tiering.recall, path) == ""
            assert (path.read_bytes(), path.stat().st_mtime_ns) == (content, MTIME)


def btrfs(*words: str) -> None:
    program = find_program("btrfs", "/usr/sbin", "/usr/bin", "/bin", package="btrfs-progs")
    subprocess.run([program, "--quiet", *words], check=True, capture_output=True)
