"""A file that another site brought to the target appears here whole or not at all, as it was
there."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from lagan.hsm import drafts
from lagan.hsm.errors import MissingAtTarget, Taken, WrongContent
from tests.hsm.conftest import MTIME, Files, opened, sectors, state

SIZE = 200_000


@pytest.fixture
def sent(files: Files) -> tuple[Path, Path, bytes]:
    """A file that was brought to the target, where it is to be, and its content."""
    path = files.make(size=SIZE)
    path.chmod(0o4750)
    os.chown(path, os.geteuid(), os.getegid())
    path.chmod(0o640)
    os.setxattr(path, "user.note", b"\0binary\xff")
    os.utime(path, ns=(MTIME, MTIME))
    files.migrate(path, premigrate=True)
    return path, files.root / "other" / "site" / "scan.dat", path.read_bytes()


@pytest.mark.parametrize("hydrate", [True, False])
def test_a_file_is_as_it_was_at_its_own_site(
    files: Files, sent: tuple[Path, Path, bytes], hydrate: bool
) -> None:
    origin, here, whole = sent
    done = files.reverse_stub(here, origin, hydrate=hydrate)
    assert done.state == state(here) == ("premigrated" if hydrate else "migrated")
    if not hydrate:
        assert sectors(here) <= 8
        files.recall(here)
    for fact in ("st_size", "st_mtime_ns", "st_mode", "st_uid", "st_gid"):
        assert getattr(here.stat(), fact) == getattr(origin.stat(), fact), fact
    assert os.getxattr(here, "user.note") == b"\0binary\xff"
    assert here.read_bytes() == whole
    assert [each.name for each in here.parent.iterdir()] == ["scan.dat"]


def test_small_files_come_with_their_content(files: Files, sent: tuple[Path, Path, bytes]) -> None:
    origin, here, _ = sent
    assert files.reverse_stub(here, origin, stub_size=SIZE - 1).state == "migrated"
    here.unlink()
    assert files.reverse_stub(here, origin, stub_size=SIZE).state == "premigrated"


def test_what_is_here_already_is_not_made_again(
    files: Files, sent: tuple[Path, Path, bytes]
) -> None:
    origin, here, whole = sent
    files.reverse_stub(here, origin)
    inode = here.stat().st_ino
    assert files.reverse_stub(here, origin, overwrite=True).already
    assert files.reverse_stub(here, origin, hydrate=True).state == "premigrated"
    assert files.reverse_stub(here, origin, hydrate=True).already
    assert (here.stat().st_ino, here.read_bytes()) == (inode, whole)


def test_another_file_stays_unless_it_is_to_be_overwritten(
    files: Files, sent: tuple[Path, Path, bytes]
) -> None:
    origin, here, whole = sent
    here.parent.mkdir(parents=True)
    here.write_bytes(b"mine")
    with here.open("rb") as reader:
        with pytest.raises(Taken):
            files.reverse_stub(here, origin, hydrate=True)
        assert here.read_bytes() == b"mine"
        files.reverse_stub(here, origin, hydrate=True, overwrite=True)
        assert reader.read() == b"mine"  # who had it open reads on
    assert here.read_bytes() == whole


@pytest.mark.parametrize(
    "make",
    [Path.mkdir, lambda path: path.symlink_to("/etc/passwd"), lambda path: os.mkfifo(path)],
)
def test_what_is_no_file_is_never_overwritten(
    files: Files, sent: tuple[Path, Path, bytes], make: Callable[[Path], None]
) -> None:
    origin, here, _ = sent
    here.parent.mkdir(parents=True)
    make(here)
    before = here.lstat()
    with pytest.raises(Taken):
        files.reverse_stub(here, origin, overwrite=True)
    assert here.lstat().st_ino == before.st_ino


def test_content_that_is_not_there_or_damaged_makes_no_file(
    files: Files, sent: tuple[Path, Path, bytes], bucket: Path
) -> None:
    origin, here, whole = sent
    there = bucket / "run" / "scan.dat"
    there.write_bytes(whole[:-1] + b"\0")
    with pytest.raises(WrongContent):
        files.reverse_stub(here, origin, hydrate=True)
    there.unlink()
    with pytest.raises(MissingAtTarget):
        files.reverse_stub(here, origin)
    assert list(here.parent.iterdir()) == []


def test_a_failure_on_the_way_leaves_what_was_here(
    files: Files, sent: tuple[Path, Path, bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    origin, here, _ = sent
    here.parent.mkdir(parents=True)
    here.write_bytes(b"mine")

    def full(*_: object, **__: object) -> None:
        raise OSError(errno.ENOSPC, "full")

    for call in ("rename", "link", "pwritev", "fchmod"):
        with monkeypatch.context() as patch:
            patch.setattr(os, call, full)
            with pytest.raises(OSError, match="full"):
                files.reverse_stub(here, origin, hydrate=True, overwrite=True)
        assert [each.name for each in here.parent.iterdir()] == ["scan.dat"]
        assert here.read_bytes() == b"mine"


@pytest.mark.parametrize("overwrite", [True, False])
def test_a_filesystem_without_nameless_files_will_do(
    files: Files,
    sent: tuple[Path, Path, bytes],
    monkeypatch: pytest.MonkeyPatch,
    overwrite: bool,
) -> None:
    origin, here, whole = sent
    here.parent.mkdir(parents=True)
    if overwrite:
        here.write_bytes(b"mine")
    (here.parent / drafts._temporary(here.name)).write_bytes(b"of a killed worker")
    really_open = os.open

    def no_nameless(path: str, flags: int, *rest: int, **how: int) -> int:
        if flags & os.O_TMPFILE == os.O_TMPFILE:
            raise OSError(errno.EOPNOTSUPP, "no")
        return really_open(path, flags, *rest, **how)

    with monkeypatch.context() as patch:
        patch.setattr(os, "open", no_nameless)
        files.reverse_stub(here, origin, hydrate=True, overwrite=overwrite)
    assert here.read_bytes() == whole
    assert [each.name for each in here.parent.iterdir()] == ["scan.dat"]


def test_a_stub_can_be_sent_on(files: Files, sent: tuple[Path, Path, bytes]) -> None:
    origin, here, whole = sent
    files.migrate(origin)
    assert files.migrate(origin, premigrate=True).already
    files.reverse_stub(here, origin, hydrate=True)
    assert here.read_bytes() == whole
    assert state(origin) == "migrated"


def test_a_moved_stub_is_sent_by_its_new_name(files: Files, sent: tuple[Path, Path, bytes]) -> None:
    origin, here, whole = sent
    files.migrate(origin)
    moved = origin.rename(origin.with_name("moved"))
    files.migrate(moved, premigrate=True)
    with opened(moved):
        files.reverse_stub(here, moved, hydrate=True)
    assert here.read_bytes() == whole
