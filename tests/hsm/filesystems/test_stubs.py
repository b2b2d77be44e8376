"""What is left of a file whose content is away is all but its blocks, on every filesystem."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from lagan.hsm import marker as markers
from lagan.hsm.deleting import delete
from lagan.hsm.migrating import migrate
from lagan.hsm.recalling import recall
from lagan.hsm.settling import keep_there
from lagan.hsm.space import BLOCK
from lagan.hsm.target import Target
from lagan.kit.holes import data
from lagan.store import open_volume
from tests.hsm.conftest import MTIME, Files, opened, sectors, state
from tests.services.disks import Disk
from tests.services.process import find_program

SIZE = 200_000
OWNER, GROUP = 4321, 8765
ACCESS = "u:1234:rw,g:5678:r,o::-"
SMALL = (0, 1, BLOCK - 1, BLOCK, BLOCK + 1)


def dressed(files: Files, name: str = "run/scan.dat", mode: int = 0o640) -> Path:
    """A file with everything that a file can have."""
    path = files.make(name, content=os.urandom(SIZE) + bytes(SIZE) + os.urandom(10))
    os.setxattr(path, "user.note", b"\0any\xff bytes")
    os.setxattr(path, "trusted.note", b"of root")
    os.chown(path, OWNER, GROUP)
    path.chmod(mode)
    os.link(path, path.with_name("second name"))
    acl(path, "-m", ACCESS)
    os.utime(path, ns=(MTIME - 7, MTIME))
    return path


def acl(path: Path, *words: str) -> None:
    subprocess.run([find_program("setfacl", package="acl"), *words, str(path)], check=True)


def facts(path: Path) -> dict[str, Any]:
    """All that a file has but its content, its room and the time that nobody can set."""
    found = path.lstat()
    kept = ("st_ino", "st_size", "st_mtime_ns", "st_mode", "st_uid", "st_gid", "st_nlink")
    attributes = {
        name: os.getxattr(path, name) for name in os.listxattr(path) if name != markers.NAME
    }
    return {each: getattr(found, each) for each in kept} | attributes


@pytest.mark.parametrize("mode", [0o640, 0o4750, 0o2755, 0o1777, 0o400])
def test_moves_keep_all_that_a_file_has(files: Files, mode: int) -> None:
    path = dressed(files, mode=mode)
    content, before = path.read_bytes(), facts(path)
    assert "system.posix_acl_access" in before
    files.migrate(path)
    assert facts(path) == before
    with opened(path) as descriptor:
        os.pwrite(descriptor, b"written into", 5)
        assert keep_there(descriptor, files.target) == "migrated"
    assert facts(path) == before
    files.recall(path)
    assert facts(path) == before
    assert path.read_bytes() == path.with_name("second name").read_bytes() == content


def test_a_reverse_stub_has_what_the_file_had_and_its_folders_default_adds_nothing(
    files: Files,
) -> None:
    path = dressed(files)
    wanted = facts(path)
    files.migrate(path)
    (files.root / "there").mkdir()
    acl(files.root / "there", "-m", "d:u:999:rwx,d:g:888:rwx")
    for hydrate in (False, True):
        here = files.root / "there" / f"file {hydrate}"
        files.reverse_stub(here, path, hydrate=hydrate)
        for name in ("st_ino", "st_nlink", "trusted.note"):  # its own; and root's stays at the site
            wanted.pop(name, None)
        assert {**facts(here), **wanted} == facts(here)
        assert not {"user.999"} & set(os.listxattr(here))
        assert b"\xe7\x03\0\0" not in os.getxattr(here, "system.posix_acl_access")  # 999
    files.recall(path)
    assert here.read_bytes() == path.read_bytes()


def test_a_folders_default_rights_stay_when_files_in_it_move(files: Files) -> None:
    folder = files.root / "run"
    folder.mkdir()
    acl(folder, "-m", "d:u:999:rwx")
    before = os.getxattr(folder, "system.posix_acl_default")
    path = files.make(size=SIZE)
    mine = os.getxattr(path, "system.posix_acl_access")
    files.migrate(path)
    files.recall(path)
    assert os.getxattr(folder, "system.posix_acl_default") == before
    assert os.getxattr(path, "system.posix_acl_access") == mine


def test_a_move_is_no_reading(files: Files) -> None:
    """Or what nobody read for 90 days would be read by being premigrated."""
    path = dressed(files)
    for premigrate in (True, False):
        files.migrate(path, premigrate=premigrate)
        assert path.stat().st_atime_ns == MTIME - 7
    files.recall(path)
    assert path.stat().st_atime_ns == MTIME - 7


@pytest.mark.parametrize("mode", [0o4750, 0o2750, 0o6755])
def test_what_runs_as_its_owner_still_does_when_its_owner_moved_it(files: Files, mode: int) -> None:
    path = files.make(size=SIZE)
    os.chown(path, OWNER, OWNER)
    path.chmod(mode)
    target = Target("bucket", open_volume(f"memory:{uuid4()}"))
    for verb in (partial(migrate, relative="a", target=target), partial(recall, target=target)):
        with opened(path) as descriptor, of(OWNER):
            verb(descriptor)
        assert path.stat().st_mode & 0o7777 == mode


@contextmanager
def of(user: int) -> Iterator[None]:
    """Act as somebody who is not root."""
    os.setegid(user)
    os.seteuid(user)
    try:
        yield
    finally:
        os.seteuid(0)
        os.setegid(0)


@pytest.mark.parametrize("size", SMALL)
def test_the_smallest_files_move_too(files: Files, size: int) -> None:
    path = files.make(size=size)
    content, before = path.read_bytes(), facts(path)
    files.migrate(path)
    assert facts(path) == before
    files.reverse_stub(files.root / "there" / "file", path, hydrate=True)
    files.recall(path)
    assert facts(path) == before
    assert path.read_bytes() == (files.root / "there" / "file").read_bytes() == content


def test_blocks_are_free_when_a_file_is_migrated(files: Files, disk: Disk) -> None:
    path = files.make(size=8 << 20)
    free = room(disk)
    files.migrate(path)
    assert sectors(path) <= (0 if disk.kind in ("btrfs", "tmpfs") else 8)
    assert room(disk) - free >= 7 << 20
    told = subprocess.run(["du", "-k", str(path)], capture_output=True, text=True, check=True)
    assert int(told.stdout.split()[0]) <= 4
    with opened(path) as descriptor:
        assert list(data(descriptor, 8 << 20)) == []


def test_what_a_file_that_grew_in_steps_has_behind_its_end_is_free_too(files: Files) -> None:
    path = files.make(size=1)
    for _ in range(40):
        with path.open("ab") as file:
            file.write(os.urandom(300_000))
    with opened(path) as descriptor:
        os.fsync(descriptor)
    files.migrate(path)
    assert sectors(path) <= 8


def test_the_state_is_told_after_a_touch_and_after_one_written_byte(files: Files) -> None:
    path = files.make(size=SIZE)
    files.migrate(path, stub_size=BLOCK)
    os.utime(path, ns=(5, 5))
    assert state(path) == "migrated"
    with opened(path) as descriptor:
        os.pwrite(descriptor, b"x", SIZE - 1)
    assert state(path) == "modified"


def test_every_name_goes_by_itself(files: Files) -> None:
    path = dressed(files)
    content = path.read_bytes()
    files.migrate(path)
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        assert delete(folder, path.name)
    finally:
        os.close(folder)
    other = path.with_name("second name")
    files.recall(other)
    assert (other.read_bytes(), other.stat().st_nlink) == (content, 1)


def room(disk: Disk) -> int:
    """Free bytes, when all that was let go is counted."""
    disk.settle()
    found = os.statvfs(disk.folder)
    return found.f_bfree * found.f_frsize
