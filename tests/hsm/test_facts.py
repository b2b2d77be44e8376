"""What a file is beside its bytes stays as it was, away and back: times, owner, mode, access lists
and attributes."""

from __future__ import annotations

import os
import struct
from collections.abc import Sequence
from pathlib import Path

import pytest

from lagan.hsm import marker as markers
from lagan.hsm.migrating import migration
from lagan.hsm.recalling import recollection
from lagan.hsm.together.group import together
from tests.hsm.conftest import Files, opened, state

TIMES = (1_400_000_000_987_654_321, 1_500_000_000_123_456_789)
ACCESS = "system.posix_acl_access"
NOBODY = 65_534
_USER_OBJ, _USER, _GROUP_OBJ, _MASK, _OTHER = 0x01, 0x02, 0x04, 0x10, 0x20
_NO_ID = 0xFFFFFFFF


def access_list(user: int) -> bytes:
    """As `setfacl -m u:USER:rw` writes it (linux/posix_acl_xattr.h, version 2)."""
    entries = [
        *((_USER_OBJ, 7, _NO_ID), (_USER, 6, user), (_GROUP_OBJ, 5, _NO_ID)),
        *((_MASK, 7, _NO_ID), (_OTHER, 0, _NO_ID)),
    ]
    return struct.pack("<I", 2) + b"".join(struct.pack("<HHI", *each) for each in entries)


def facts(path: Path) -> dict[str, object]:
    """All but ctime, which nobody can set, the blocks and our own attribute."""
    found = path.stat()
    names = ("st_ino", "st_mode", "st_uid", "st_gid", "st_nlink", "st_size")
    attributes = {name: os.getxattr(path, name) for name in os.listxattr(path)}
    attributes.pop(markers.NAME, None)
    return {
        **{name: getattr(found, name) for name in names},
        **{"times": (found.st_atime_ns, found.st_mtime_ns), "attributes": attributes},
    }


@pytest.fixture
def dressed(files: Files) -> list[Path]:
    """Files with everything that one can have; root may give them away."""
    paths = [files.make(f"run/{number}", size=50_000 + number) for number in range(3)]
    for number, path in enumerate(paths):
        os.setxattr(path, "user.note", b"mine")
        os.setxattr(path, "user.empty", b"")
        os.setxattr(path, "trusted.note", b"of root alone")
        os.setxattr(path, ACCESS, access_list(1000 + number))
        os.chown(path, NOBODY, 100 + number)
        path.chmod(0o4750 if number else 0o2710)
        os.utime(path, ns=TIMES)
    return paths


@pytest.mark.parametrize("premigrate", [True, False])
def test_all_facts_stay_away_and_back(
    files: Files, dressed: Sequence[Path], premigrate: bool
) -> None:
    before = [facts(path) for path in dressed]
    files.migrate(dressed[0], premigrate=premigrate)
    assert facts(dressed[0]) == before[0]
    files.migrate(dressed[0])
    assert (state(dressed[0]), facts(dressed[0])) == ("migrated", before[0])
    files.recall(dressed[0])
    assert facts(dressed[0]) == before[0]


def test_all_facts_of_a_group_stay(files: Files, dressed: Sequence[Path]) -> None:
    before = [facts(path) for path in dressed]
    descriptors = [os.open(path, os.O_RDWR) for path in dressed]
    try:
        named = list(zip(dressed, descriptors, strict=True))
        together(
            [
                migration(each, str(path.relative_to(files.root)), files.target)
                for path, each in named
            ]
        )
        assert [state(path) for path in dressed] == ["migrated"] * 3
        assert [facts(path) for path in dressed] == before
        together([recollection(each, files.target) for _, each in named])
    finally:
        for each in descriptors:
            os.close(each)
    assert [facts(path) for path in dressed] == before


def test_a_recall_that_was_broken_off_changes_no_fact(
    files: Files, dressed: Sequence[Path]
) -> None:
    path = dressed[1]
    before = facts(path)
    files.migrate(path)

    def stop(_: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        files.recall(path, tick=stop)
    assert (state(path), facts(path)) == ("migrated", before)


def test_who_may_not_read_the_attributes_of_root_keeps_his_own(files: Files) -> None:
    """A record at the target carries what means the same elsewhere, and nothing of root's."""
    path = files.make("one", size=100)
    os.setxattr(path, "user.note", b"mine")
    os.setxattr(path, "trusted.note", b"of root alone")
    os.setxattr(path, ACCESS, access_list(1000))
    files.migrate(path)
    record = files.target.find("", "one")
    assert set(record.xattrs) == {"user.note", ACCESS}
    with opened(path) as descriptor:
        assert os.getxattr(descriptor, "trusted.note") == b"of root alone"
