"""After the loss of one side, the other has what is needed."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest

from lagan.hsm import marker as markers
from lagan.worker.site import tiering
from tests.hsm.conftest import MTIME, state
from tests.hsm.filesystems.test_refusals import outcome
from tests.hsm.filesystems.test_stubs import ACCESS, GROUP, OWNER, acl, facts
from tests.services.process import find_program
from tests.worker.told import Told

NAMES = ["run 1/scan.dat", "run 1/é", "run 2/deep/x", "top"]
OF_THE_INODE = ("st_ino", "st_nlink")


@pytest.fixture
def tree(site: Path) -> dict[Path, bytes]:
    """Files of a site, and their content."""
    made: dict[Path, bytes] = {}
    for name in NAMES:
        path = site / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(made.setdefault(path, os.urandom(90_000)))
        os.setxattr(path, "user.note", b"mine")
        os.chown(path, OWNER, GROUP)
        acl(path, "-m", ACCESS)
        os.utime(path, ns=(MTIME, MTIME))
    return made


def run(verb: object, items: dict[Path, bytes], **args: object) -> Told:
    told = Told()
    verb(told, args, [str(each) for each in items])  # type: ignore[operator]
    return told


def origins(bucket: Path) -> list[str]:
    """As the documentation's recipe tells them."""
    folder = str(bucket / ".lagan" / "hsm")
    words = ["find", folder, "-name", "*.json", "-exec", find_program("jq", package="jq"), "-r"]
    found = subprocess.run([*words, ".origin", "{}", "+"], capture_output=True, check=True)
    return sorted(found.stdout.decode().splitlines())


def test_a_lost_filesystem_is_made_again_from_the_targets_records(
    site: Path, bucket: Path, tree: dict[Path, bytes]
) -> None:
    had = {path: facts(path) for path in tree}
    assert run(tiering.migrate, tree).failed == {}
    for each in site.iterdir():
        shutil.rmtree(each) if each.is_dir() else each.unlink()
    assert origins(bucket) == sorted(map(str, tree))
    told = Told()
    tiering.reverse_stub(told, {}, origins(bucket))
    assert told.failed == {}
    for path, before in had.items():
        assert state(path) == "migrated"
        assert {**before, **{each: facts(path)[each] for each in OF_THE_INODE}} == facts(path)
    assert run(tiering.recall, tree).failed == {}
    assert {path: path.read_bytes() for path in tree} == tree


def test_a_lost_target_is_told_and_costs_nothing_that_is_here(
    site: Path, bucket: Path, tree: dict[Path, bytes]
) -> None:
    kept, away = site / NAMES[0], site / NAMES[1]
    assert outcome(tiering.migrate, kept, premigrate=True) == ""
    assert outcome(tiering.migrate, away) == ""
    lost = bucket / "run 1"
    lost.rename(bucket.parent / "lost")
    assert outcome(tiering.recall, away) == "failed.missing-at-target"
    assert outcome(tiering.stat, away) == "failed.missing-at-target"
    assert (state(away), away.stat().st_mtime_ns) == ("migrated", MTIME)
    assert outcome(tiering.migrate, kept) == ""  # is brought there anew
    assert outcome(tiering.recall, kept) == ""
    shutil.copytree(bucket.parent / "lost", lost, dirs_exist_ok=True)
    assert outcome(tiering.recall, away) == ""
    assert {path: path.read_bytes() for path in tree} == tree


def test_a_marker_that_cannot_be_read_is_made_anew(site: Path, tree: dict[Path, bytes]) -> None:
    path = site / NAMES[0]
    assert outcome(tiering.migrate, path) == ""
    os.setxattr(path, markers.NAME, b"{}")
    assert state(path) == "missing"
    assert outcome(tiering.recall, path) == "failed.bad-marker"
    assert outcome(tiering.reverse_stub, path) == "failed.exists"
    assert outcome(tiering.reverse_stub, path, overwrite=True) == ""
    assert outcome(tiering.recall, path) == ""
    assert path.read_bytes() == tree[path]


def test_a_restored_old_stub_over_a_file_that_came_back_is_harmless(
    site: Path, tree: dict[Path, bytes]
) -> None:
    path = site / NAMES[0]
    assert outcome(tiering.migrate, path) == ""
    backup = path.with_name("backup")
    subprocess.run(["cp", "-a", str(path), str(backup)], check=True)
    assert outcome(tiering.recall, path) == ""
    backup.replace(path)
    assert outcome(tiering.recall, path) == ""
    assert path.read_bytes() == tree[path]
    assert json.loads(os.getxattr(path, markers.NAME))["state"] == "premigrated"
