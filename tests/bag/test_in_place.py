"""A folder that becomes a bag where it is can be finished or undone, wherever it was killed."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest

from lagan.bag import Unbaggable, Unfinished, finish, judge, make_bag, undo
from lagan.kit.errors import Conflict, NotFound

CHANGES = {"os.rename", "os.mkdir", "os.remove", "os.rmdir", "os.link"}
KILLED = 77


def fill(root: Path) -> Path:
    for name in ("a.txt", "data/inner", "bagit.txt"):
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(name)
    (root / "empty").mkdir()
    return root


def held(root: Path) -> dict[str, str]:
    return {
        str(path.relative_to(root)): path.read_text() if path.is_file() else "folder"
        for path in root.rglob("*")
    }


def killed_at(number: int, act: Callable[[], object]) -> bool:
    """Run `act` in a process that is gone right before its change `number` of the filesystem;
    whether it got that far."""
    child = os.fork()
    if child == 0:
        left = number

        def count(event: str, _: object) -> None:
            nonlocal left
            if event in CHANGES:
                left -= 1
                if left < 0:
                    os._exit(KILLED)

        sys.addaudithook(count)
        act()
        os._exit(0)
    _, status = os.waitpid(child, 0)
    code = os.waitstatus_to_exitcode(status)
    assert code in (0, KILLED)
    return code == KILLED


def test_a_folder_becomes_a_bag_and_a_folder_again(tmp_path: Path):
    root = fill(tmp_path / "f")
    before = held(root)
    make_bag(root, in_place=True, info=[("Contact-Name", "A")])
    assert judge(root).errors == ()
    assert held(root / "data") == before
    undo(root)
    assert held(root) == before


def test_killed_anywhere_it_can_be_finished_or_undone(tmp_path: Path):
    original = fill(tmp_path / "original")
    before = held(original)
    finished = 0
    for number in range(200):
        root = tmp_path / f"{number}"
        shutil.copytree(original, root)
        if not killed_at(
            number, partial(make_bag, root, in_place=True, algorithms=["md5"], threads=1)
        ):
            break
        other = shutil.copytree(root, tmp_path / f"{number}-other")
        if list(root.glob(".lagan-bag*")):
            with pytest.raises(Unfinished):
                make_bag(root, in_place=True)
            finish(root)
            undo(other)
            assert held(other) == before
        if judge(root).valid:
            finished += 1
            assert held(root / "data") == before
        else:
            assert held(root) == before
    assert number > 20
    assert finished > 5


def test_killed_while_undoing_it_can_be_finished(tmp_path: Path):
    original = fill(tmp_path / "original")
    before = held(original)
    make_bag(original, in_place=True)
    for number in range(200):
        root = tmp_path / f"{number}"
        shutil.copytree(original, root)
        if not killed_at(number, partial(undo, root)):
            break
        if list(root.glob(".lagan-bag*")):
            finish(root)
        if held(root) != before:
            assert judge(root).valid
            undo(root)
        assert held(root) == before
    assert number > 10


def test_what_cannot_be_undone_is_refused(tmp_path: Path):
    root = fill(tmp_path / "f")
    with pytest.raises(NotFound):
        undo(tmp_path)
    with pytest.raises(NotFound):
        finish(root)
    make_bag(root, in_place=True)
    (root / "notes").write_text("mine")
    with pytest.raises(Unbaggable, match="notes"):
        undo(root)
    assert judge(root).errors == ()


def test_nothing_in_the_way_is_overwritten(tmp_path: Path):
    made = fill(tmp_path / "f")
    make_bag(made, in_place=True, algorithms=["md5"])
    for number in range(50):
        root = shutil.copytree(made, tmp_path / f"{number}")
        killed_at(number, partial(undo, root))
        if (root / ".lagan-bag" / "data" / "a.txt").exists():
            break
    (root / "a.txt").write_text("new")
    with pytest.raises(Conflict):
        finish(root)
    assert (root / "a.txt").read_text() == "new"
    (root / "a.txt").unlink()
    finish(root)
    assert (root / "a.txt").read_text() == "a.txt"
