"""Whoever wrote into a stub says which content counts; the other is not lost before."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from lagan.hsm.errors import Busy, WrittenInto, WrongContent
from lagan.hsm.settling import keep_here, keep_there
from tests.hsm.conftest import MTIME, Files, opened, sectors, state

SIZE = 100_000


@pytest.fixture
def torn(files: Files) -> tuple[Path, bytes]:
    """A stub that somebody wrote into, and the content that it was of."""
    path = files.make(size=SIZE)
    whole = path.read_bytes()
    files.migrate(path)
    with path.open("r+b") as stub:
        stub.write(b"new")
    with pytest.raises(WrittenInto):
        files.recall(path)
    return path, whole


def test_what_is_here_counts(files: Files, torn: tuple[Path, bytes]) -> None:
    path, whole = torn
    mixed = path.read_bytes()
    with opened(path) as descriptor:
        assert keep_here(descriptor) == "unmanaged"
        assert keep_here(descriptor) == "unmanaged"
    assert (path.read_bytes(), state(path)) == (mixed, "unmanaged")
    files.migrate(path)
    files.recall(path)
    assert path.read_bytes() == mixed
    assert len(files.objects()) == 2


@pytest.mark.parametrize("size", [10, SIZE, SIZE * 2])
def test_what_is_there_counts(files: Files, torn: tuple[Path, bytes], size: int) -> None:
    path, whole = torn
    os.truncate(path, size)
    with opened(path) as descriptor:
        assert keep_there(descriptor, files.target) == "migrated"
    assert (path.stat().st_size, path.stat().st_mtime_ns, sectors(path) <= 8) == (SIZE, MTIME, True)
    files.recall(path)
    assert path.read_bytes() == whole


def test_a_file_that_is_whole_is_left_as_it_is(files: Files) -> None:
    path = files.make(size=SIZE)
    whole = path.read_bytes()
    files.migrate(path, premigrate=True)
    with opened(path) as descriptor:
        assert keep_here(descriptor) == keep_there(descriptor, files.target) == "premigrated"
    assert path.read_bytes() == whole


def test_nothing_is_settled_while_somebody_writes(files: Files, torn: tuple[Path, bytes]) -> None:
    path = torn[0]
    with opened(path) as mine, opened(path):
        with pytest.raises(Busy):
            keep_here(mine)
        with pytest.raises(Busy):
            keep_there(mine, files.target)
    assert state(path) == "modified"


@pytest.mark.parametrize("damage", [b"", b"x"])
def test_what_was_written_stays_when_the_target_has_not_all(
    files: Files, torn: tuple[Path, bytes], bucket: Path, damage: bytes
) -> None:
    path, whole = torn
    mixed = path.read_bytes()
    (bucket / "run" / "scan.dat").write_bytes(damage and whole[:-1] + b"\0")
    with opened(path) as mine, pytest.raises(WrongContent):
        keep_there(mine, files.target)
    assert path.read_bytes() == mixed
