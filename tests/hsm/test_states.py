"""The state of a file is what its marker, its size, its time and its room say together."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from lagan.hsm.marker import MIGRATED, MIGRATING, NAME, PREMIGRATED, RECALLING, Marker
from lagan.hsm.states import decide, state_of
from tests.hsm.conftest import Files, state

SIZE, MTIME = 1 << 20, 10**18


def marker(told: str, head: int = 0, left: int = 0) -> Marker:
    return Marker(told, "bucket", "a", SIZE, MTIME, "00" * 32, head, SIZE, left)


@pytest.mark.parametrize(
    ("told", "size", "mtime", "sectors", "expected"),
    [
        (None, SIZE, MTIME, 2048, "unmanaged"),
        (marker(PREMIGRATED), SIZE, MTIME, 2048, "premigrated"),
        (marker(PREMIGRATED), SIZE, MTIME + 1, 2048, "modified"),
        (marker(PREMIGRATED), SIZE - 1, MTIME, 2048, "modified"),
        (marker(MIGRATED), SIZE, MTIME, 0, "migrated"),
        (marker(MIGRATED), SIZE, MTIME, 8, "migrated"),
        (marker(MIGRATED, left=8), SIZE, MTIME + 1, 8, "migrated"),  # touched
        (marker(MIGRATED, left=8), SIZE, MTIME + 1, 16, "modified"),  # a few bytes written
        (marker(MIGRATED), SIZE, MTIME + 1, 8, "modified"),
        (marker(MIGRATED), SIZE, MTIME + 1, 2048, "modified"),  # written into
        (marker(MIGRATED, 1 << 19, 1024 + 8), SIZE, MTIME + 1, 1024 + 8, "migrated"),
        (marker(MIGRATED), 10, MTIME + 1, 0, "modified"),  # cut
        (marker(MIGRATING), SIZE, MTIME + 1, 2048, "migrated"),
        (marker(RECALLING), SIZE, MTIME + 1, 1024, "migrated"),
    ],
)
def test_a_state(told: Marker | None, size: int, mtime: int, sectors: int, expected: str) -> None:
    assert decide(told, size, mtime, sectors) == expected


def test_a_file_goes_through_its_states(files: Files) -> None:
    path = files.make(size=100_000)
    seen = [state(path)]
    files.migrate(path, premigrate=True)
    seen.append(state(path))
    files.migrate(path)
    seen.append(state(path))
    files.recall(path)
    seen.append(state(path))
    path.write_bytes(b"another content")
    seen.append(state(path))
    assert seen == ["unmanaged", "premigrated", "migrated", "premigrated", "modified"]


def test_what_is_no_file_is_unmanaged(tmp_path: Path) -> None:
    link = tmp_path / "link"
    link.symlink_to(tmp_path)
    assert state(tmp_path) == "unmanaged"
    assert state_of(link, link.lstat()) == "unmanaged"


def test_a_file_whose_marker_cannot_be_read_is_missing(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.touch()
    os.setxattr(path, NAME, b"rubbish")
    assert state(path) == "missing"
