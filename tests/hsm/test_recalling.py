"""What comes back is what went, into the same file, or the file stays as it was and says why."""

from __future__ import annotations

import errno
import os
import threading
from dataclasses import replace
from pathlib import Path

import pytest

from lagan.hsm import marker as markers
from lagan.hsm.errors import Busy, MissingAtTarget, WrittenInto, WrongContent
from lagan.hsm.lease import Lease
from lagan.kit.errors import NoSpace
from lagan.kit.holes import data
from tests.hsm.conftest import MTIME, Files, opened, sectors, state

SIZE = 300_000


@pytest.fixture
def stub(files: Files) -> tuple[Path, bytes]:
    """A migrated file, and its content."""
    path = files.make(size=SIZE)
    whole = path.read_bytes()
    files.migrate(path)
    return path, whole


def test_content_comes_back_bit_for_bit(anywhere: Files) -> None:
    path = anywhere.make(size=3 * SIZE + 1)
    whole, before = path.read_bytes(), path.stat()
    anywhere.migrate(path)
    done = anywhere.recall(path)
    assert (done.state, done.sent) == ("premigrated", 3 * SIZE + 1)
    assert path.read_bytes() == whole
    assert (path.stat().st_ino, path.stat().st_mtime_ns) == (before.st_ino, MTIME)
    assert anywhere.recall(path).already
    assert anywhere.migrate(path).sent == 0


def test_an_unmanaged_file_has_nothing_to_come_back(files: Files) -> None:
    assert files.recall(files.make(size=10)).already


def test_holes_come_back_as_holes(files: Files) -> None:
    path = files.make("sparse", content=b"head" * 1024)
    with path.open("r+b") as file:
        file.seek(10 << 20)
        file.write(b"x" * 4096)
        file.truncate(20 << 20)
    os.utime(path, ns=(MTIME, MTIME))
    with opened(path) as descriptor:
        before = list(data(descriptor, 20 << 20))
    whole = path.read_bytes()
    files.migrate(path)
    files.recall(path)
    with opened(path) as descriptor:
        assert (
            list(data(descriptor, 20 << 20)) == before == [(0, 4096), (10 << 20, 10485760 + 4096)]
        )
    assert path.read_bytes() == whole


def test_who_opens_the_file_meanwhile_reads_its_content(
    files: Files, stub: tuple[Path, bytes]
) -> None:
    path, whole = stub
    read: list[bytes] = []
    reader = threading.Thread(target=lambda: read.append(path.read_bytes()))

    def open_it(_: int) -> None:
        if reader.ident is None:
            reader.start()

    files.recall(path, tick=open_it)
    reader.join(60)
    assert read == [whole]


@pytest.mark.parametrize("flags", [os.O_RDONLY, os.O_RDWR])
def test_a_stub_that_somebody_has_open_waits(
    files: Files, stub: tuple[Path, bytes], flags: int
) -> None:
    with opened(stub[0], flags), pytest.raises(Busy):
        files.recall(stub[0])
    assert state(stub[0]) == "migrated"


def test_a_damaged_object_is_refused_unless_nobody_is_to_look(
    files: Files, stub: tuple[Path, bytes], bucket: Path
) -> None:
    path, whole = stub
    damaged = bytes([whole[0] ^ 1]) + whole[1:]
    (bucket / "run" / "scan.dat").write_bytes(damaged)
    with pytest.raises(WrongContent):
        files.recall(path)
    expect_a_stub(path)
    assert files.recall(path, skip_hash=True).state == "premigrated"
    assert path.read_bytes() == damaged


@pytest.mark.parametrize("cut", [0, 1000])
def test_an_object_that_is_gone_or_cut_is_missing(
    files: Files, stub: tuple[Path, bytes], bucket: Path, cut: int
) -> None:
    there = bucket / "run" / "scan.dat"
    there.write_bytes(stub[1][:cut]) if cut else there.unlink()
    with pytest.raises(MissingAtTarget):
        files.recall(stub[0], skip_hash=True)
    expect_a_stub(stub[0])


def test_without_room_nothing_is_begun(
    files: Files, stub: tuple[Path, bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_: int) -> os.statvfs_result:
        return os.statvfs_result((1, 1, 0, 0, 0, 0, 0, 0, 0, 255))

    monkeypatch.setattr(os, "fstatvfs", full)
    with pytest.raises(NoSpace):
        files.recall(stub[0])
    expect_a_stub(stub[0])


def test_what_breaks_off_leaves_a_stub(
    files: Files, stub: tuple[Path, bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    path, whole = stub

    def stop(_: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        files.recall(path, tick=stop)
    expect_a_stub(path)

    def fail(_: int) -> None:
        raise OSError(errno.ENOSPC, "full")

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", fail)
        with pytest.raises(OSError, match="full"):
            files.recall(path)
    expect_a_stub(path)
    files.recall(path)
    assert path.read_bytes() == whole


def test_who_waits_too_long_to_open_the_file_is_let_in(
    files: Files, stub: tuple[Path, bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    def waited(_: Lease) -> None:
        raise Busy("Somebody opened the file meanwhile.")

    monkeypatch.setattr(Lease, "check", waited)
    with pytest.raises(Busy):
        files.recall(stub[0])
    expect_a_stub(stub[0])


def test_a_stub_that_was_only_touched_keeps_its_new_time(
    files: Files, stub: tuple[Path, bytes]
) -> None:
    path, whole = stub
    os.utime(path, ns=(7, 7))
    assert files.recall(path).state == "premigrated"
    assert (path.read_bytes(), path.stat().st_mtime_ns) == (whole, 7)


@pytest.mark.parametrize(("size", "told"), [(1000, "modified"), (SIZE + 5, "modified")])
def test_a_stub_that_was_cut_or_stretched_gets_what_it_has_room_for(
    files: Files, stub: tuple[Path, bytes], size: int, told: str
) -> None:
    path, whole = stub
    os.truncate(path, size)
    assert files.recall(path).state == told
    assert path.read_bytes() == whole[:size].ljust(size, b"\0")


def test_a_stub_that_was_emptied_stays_empty(files: Files, stub: tuple[Path, bytes]) -> None:
    path = stub[0]
    os.truncate(path, 0)
    assert files.recall(path).state == "unmanaged"
    assert (path.read_bytes(), markers.read(path)) == (b"", None)


@pytest.mark.parametrize("offset", [0, 100_000, SIZE, SIZE + 10_000])
def test_what_somebody_wrote_into_a_stub_is_never_overwritten(
    files: Files, stub: tuple[Path, bytes], offset: int
) -> None:
    path = stub[0]
    with opened(path) as descriptor:
        os.pwrite(descriptor, b"precious", offset)
    mixed = path.read_bytes()
    with pytest.raises(WrittenInto):
        files.recall(path)
    assert path.read_bytes() == mixed
    assert state(path) == "modified"


def test_a_recall_that_was_killed_is_finished(files: Files, stub: tuple[Path, bytes]) -> None:
    path, whole = stub
    with opened(path) as descriptor:
        marker = markers.read(descriptor)
        assert marker is not None
        markers.write(descriptor, replace(marker, state=markers.RECALLING))
        os.pwrite(descriptor, whole[:120_000], 0)  # the last block is not full
        os.pwrite(descriptor, whole[72 * 4096 :], 72 * 4096)
    assert state(path) == "migrated"
    assert files.recall(path).state == "premigrated"
    assert (path.read_bytes(), path.stat().st_mtime_ns) == (whole, MTIME)


def test_a_copied_stub_is_a_stub_of_the_same_content(
    files: Files, stub: tuple[Path, bytes]
) -> None:
    path, whole = stub
    copy = path.with_name("copy")
    copy.touch()
    os.truncate(copy, SIZE)
    os.setxattr(copy, markers.NAME, os.getxattr(path, markers.NAME))
    os.utime(copy, ns=(MTIME, MTIME))
    files.recall(copy)
    assert copy.read_bytes() == whole


def expect_a_stub(path: Path) -> None:
    """As it was before the recall."""
    marker = markers.read(path)
    assert marker is not None
    assert marker.state == "migrated"
    assert (path.stat().st_size, path.stat().st_mtime_ns) == (SIZE, MTIME)
    assert sectors(path) <= 8
