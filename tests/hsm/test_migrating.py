"""A migrated file has all but its bytes, and never loses these before they are safe elsewhere."""

from __future__ import annotations

import os
import threading
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from lagan.hsm import marker as markers
from lagan.hsm import migrating
from lagan.hsm.errors import Busy, Changed, Unfit, Unsupported, WrittenInto
from lagan.hsm.lease import Lease
from lagan.hsm.space import BLOCK
from lagan.hsm.together.group import Move
from tests.hsm.conftest import MTIME, Files, opened, sectors, state
from tests.services.hub import until

SIZE = 300_000


def test_a_stub_keeps_all_but_the_bytes(anywhere: Files) -> None:
    path = anywhere.make(size=SIZE)
    path.chmod(0o600)
    os.setxattr(path, "user.note", b"mine")
    before, content = path.stat(), path.read_bytes()
    anywhere.migrate(path)
    after = path.stat()
    assert state(path) == "migrated"
    assert sectors(path) <= 8
    for fact in ("st_ino", "st_size", "st_mtime_ns", "st_mode", "st_uid", "st_gid", "st_nlink"):
        assert getattr(after, fact) == getattr(before, fact), fact
    assert os.getxattr(path, "user.note") == b"mine"
    assert b"".join(map(bytes, anywhere.target.read("run/scan.dat"))) == content


def test_a_head_may_stay(files: Files) -> None:
    path = files.make(size=SIZE)
    content = path.read_bytes()
    files.migrate(path, stub_size=BLOCK + 1)
    assert path.read_bytes()[: 2 * BLOCK] == content[: 2 * BLOCK]
    assert sectors(path) <= 2 * 8 + 8
    files.recall(path)
    assert path.read_bytes() == content


@pytest.mark.parametrize("size", [0, 1, BLOCK])
def test_a_file_that_is_all_head_stays_whole(files: Files, size: int) -> None:
    path = files.make(size=size)
    assert files.migrate(path, stub_size=BLOCK).state == "premigrated"
    assert files.migrate(path, stub_size=BLOCK).already


def test_premigrated_a_file_is_there_and_here(files: Files) -> None:
    path = files.make(size=SIZE)
    assert files.migrate(path, premigrate=True).sent == SIZE
    assert sectors(path) * 512 >= SIZE
    assert files.migrate(path, premigrate=True).already
    done = files.migrate(path)
    assert (done.state, done.sent) == ("migrated", 0)


def test_every_name_of_a_file_is_a_stub(files: Files) -> None:
    path = files.make(size=SIZE)
    other = path.with_name("other")
    other.hardlink_to(path)
    files.migrate(path)
    assert (state(other), other.stat().st_ino) == ("migrated", path.stat().st_ino)
    files.recall(other)
    assert state(path) == "premigrated"


@pytest.mark.parametrize("flags", [os.O_RDONLY, os.O_WRONLY])
def test_a_file_that_somebody_has_open_stays(files: Files, flags: int) -> None:
    path = files.make(size=SIZE)
    with opened(path, flags), pytest.raises(Busy):
        files.migrate(path)
    assert (state(path), files.objects(), files.waiting()) == ("unmanaged", [], [])
    with opened(path, os.O_RDONLY):
        assert files.migrate(path, premigrate=True).state == "premigrated"


def test_one_that_is_written_while_it_is_copied_stays(files: Files) -> None:
    path = files.make(size=SIZE)

    def write(count: int) -> None:
        if count:
            path.write_bytes(b"newer")
            os.utime(path, ns=(MTIME, MTIME))  # nobody is deceived by a time that was set back

    with pytest.raises(Changed):
        files.migrate(path, premigrate=True, tick=write)
    assert path.read_bytes() == b"newer"
    assert (files.objects(), files.waiting()) == ([], [])


def test_one_that_is_written_after_it_was_copied_stays(
    files: Files, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = files.make(size=SIZE)
    let_go = migrating.let_go

    def write_first(*args: Any) -> Move[None]:
        os.pwrite(args[0], b"newer", 7)
        os.utime(path, ns=(MTIME, MTIME))
        return let_go(*args)

    monkeypatch.setattr(migrating, "let_go", write_first)
    with pytest.raises(Changed):
        files.migrate(path)
    assert path.read_bytes()[7:12] == b"newer"
    assert state(path) == "unmanaged"


def test_who_opens_the_file_at_the_last_moment_finds_it_whole(
    files: Files, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = files.make(size=SIZE)
    content, read = path.read_bytes(), []
    reader = threading.Thread(target=lambda: read.append(path.read_bytes()))
    wanted = Lease.wanted

    def open_it(lease: Lease) -> bool:
        reader.start()
        return bool(until(lambda: wanted(lease)))

    monkeypatch.setattr(Lease, "wanted", open_it)
    with pytest.raises(Busy):
        files.migrate(path)
    reader.join(60)
    assert read == [content]
    assert state(path) == "premigrated"


def test_on_a_filesystem_without_holes_a_file_stays(
    files: Files, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = files.make(size=SIZE)
    content = path.read_bytes()

    def cannot(*_: object) -> None:
        raise Unsupported("No holes here.")

    monkeypatch.setattr(migrating, "punch", cannot)
    with pytest.raises(Unsupported):
        files.migrate(path)
    assert (path.read_bytes(), state(path)) == (content, "premigrated")


def test_a_copy_that_decayed_is_noticed_before_anything_is_let_go(
    files: Files, bucket: Path
) -> None:
    path = files.make(size=SIZE)
    content = path.read_bytes()
    files.migrate(path, premigrate=True)
    damaged = bytearray(content)
    damaged[1000] ^= 1
    (bucket / "run" / "scan.dat").write_bytes(damaged)
    done = files.migrate(path)
    assert (done.state, done.sent) == ("migrated", SIZE)
    files.recall(path)
    assert path.read_bytes() == content


def test_a_copy_that_is_gone_is_made_again(files: Files, bucket: Path) -> None:
    path = files.make(size=SIZE)
    files.migrate(path, premigrate=True)
    (bucket / "run" / "scan.dat").unlink()
    assert files.migrate(path, premigrate=True).sent == SIZE


def test_content_changed_under_an_old_time_is_noticed(files: Files) -> None:
    path = files.make(size=SIZE)
    files.migrate(path, premigrate=True)
    with path.open("r+b") as file:
        file.write(b"other")
    os.utime(path, ns=(MTIME, MTIME))
    content = path.read_bytes()
    assert files.migrate(path).sent == SIZE
    files.recall(path)
    assert path.read_bytes() == content


@pytest.mark.parametrize("overwrite", [True, False])
def test_the_older_content_of_a_changed_file_stays_or_makes_room(
    files: Files, overwrite: bool
) -> None:
    path = files.make(size=SIZE)
    files.migrate(path)
    files.recall(path)
    path.write_bytes(b"newer")
    files.migrate(path, overwrite=overwrite)
    assert len(files.objects()) == (1 if overwrite else 2)
    files.recall(path)
    assert path.read_bytes() == b"newer"


def test_overwriting_never_takes_what_another_file_needs(files: Files) -> None:
    path = files.make(size=SIZE)
    content = path.read_bytes()
    files.migrate(path)
    moved = path.rename(path.with_name("moved"))
    files.migrate(files.make(content=b"a new file of the old name"), overwrite=True)
    files.recall(moved)
    assert moved.read_bytes() == content


def test_a_stub_that_was_only_touched_is_one(files: Files) -> None:
    path = files.make(size=SIZE)
    files.migrate(path, stub_size=10)
    os.utime(path, ns=(1, 1))
    assert files.migrate(path).already
    assert state(path) == "migrated"


def test_a_stub_that_was_written_into_is_left_alone(files: Files) -> None:
    path = files.make(size=SIZE)
    files.migrate(path)
    with path.open("r+b") as file:
        file.write(b"new")
    assert state(path) == "modified"
    with pytest.raises(WrittenInto):
        files.migrate(path)


@pytest.mark.parametrize("told", [markers.MIGRATING, markers.RECALLING])
def test_what_a_kill_broke_off_is_brought_to_its_end(files: Files, told: str) -> None:
    path = files.make(size=SIZE)
    content = path.read_bytes()
    files.migrate(path, premigrate=True)
    with opened(path) as descriptor:
        marker = markers.read(descriptor)
        assert marker is not None
        markers.write(descriptor, replace(marker, state=told))
        os.utime(descriptor, ns=(5, 5))
    assert files.migrate(path).state == "migrated"
    assert (sectors(path) <= 8, path.stat().st_mtime_ns) == (True, MTIME)
    files.recall(path)
    assert path.read_bytes() == content


def test_only_files_move(files: Files) -> None:
    folder = os.open(files.root, os.O_RDONLY)
    try:
        with pytest.raises(Unfit):
            migrating.migrate(folder, "x", files.target)
    finally:
        os.close(folder)


def test_a_broken_off_copy_leaves_nothing(files: Files) -> None:
    path = files.make(size=3_000_000)

    def stop(count: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        files.migrate(path, tick=stop)
    assert (state(path), files.objects(), files.waiting()) == ("unmanaged", [], [])


def test_on_an_older_kernel_a_file_must_have_rested(
    files: Files, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = files.make(size=SIZE)
    monkeypatch.setattr(migrating, "SURE_OF_TIMES", (99, 0))
    with pytest.raises(Changed):
        files.migrate(path)
    monkeypatch.setattr(migrating, "_SETTLED", -1.0)
    assert files.migrate(path).state == "migrated"
