"""Paths that jobs name are opened beneath the site's roots or refused."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from lagan.kit.errors import BadPath, Unavailable
from lagan.worker.place import Place, serving
from lagan.worker.site import paths

READ = os.O_RDONLY


def reason_for(path: str) -> str:
    with pytest.raises(BadPath) as caught:
        paths.opened(path, READ)
    return str(caught.value.facts["reason"])


def test_a_file_is_opened_under_the_path_that_people_write(root: Path) -> None:
    (root / "a").mkdir()
    (root / "a" / "x").write_bytes(b"content")
    with paths.open_at(f"{root}/a/x", READ) as found:
        assert os.read(found, 10) == b"content"
    assert paths.locate(f"{root}//a///x/").path == f"{root}/a/x"
    assert paths.stat(f"{root}/a/x").st_size == 7


def test_what_is_no_absolute_path_beneath_a_root_is_refused_by_its_reason(root: Path) -> None:
    assert reason_for("") == "empty"
    assert reason_for("a/x") == "relative"
    assert reason_for(f"{root}/../secret") == "parent"
    assert reason_for(f"{root}/a/../../secret") == "parent"
    assert reason_for(f"{root}/a\0b") == "nul"
    assert reason_for(f"{root}/" + "x" * 256) == "long-part"
    assert reason_for(f"{root}/\ud800") == "encoding"
    assert reason_for("/etc/passwd") == "outside"
    assert reason_for(f"{root}x") == "outside"
    assert reason_for("/") == "outside"


def test_no_link_is_followed_in_the_middle_or_at_the_end(root: Path, tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "x").write_text("secret")
    (root / "way").symlink_to(outside)
    (root / "x").symlink_to(outside / "x")
    assert reason_for(f"{root}/way/x") == "link"
    assert reason_for(f"{root}/x") == "link"
    for way in ("way/x", "way/deeper"):
        with pytest.raises(BadPath):
            paths.stat(f"{root}/{way}")
        with pytest.raises(BadPath), paths.beside(f"{root}/{way}"):
            pass
        with pytest.raises(BadPath):
            paths.make_folders(f"{root}/{way}/more")
    assert sorted(each.name for each in outside.iterdir()) == ["x"]


def test_the_facts_of_a_link_are_its_own(root: Path) -> None:
    (root / "x").symlink_to("/etc/passwd")
    assert paths.stat(f"{root}/x").st_size == len("/etc/passwd")
    with paths.beside(f"{root}/x") as (folder, name):
        assert os.readlink(name, dir_fd=folder) == "/etc/passwd"


def test_our_own_notes_are_nobodys(root: Path, tmp_path: Path) -> None:
    (root / ".lagan").mkdir()
    assert reason_for(f"{root}/.lagan") == "ours"
    assert reason_for(f"{root}/.lagan/listings/x") == "ours"
    assert paths.locate(f"{root}/a/.lagan").relative == "a/.lagan"
    with serving(Place(roots=(tmp_path,), state=root)):
        assert reason_for(f"{root}/x") == "ours"


def test_of_roots_within_each_other_the_innermost_is_meant(root: Path, tmp_path: Path) -> None:
    with serving(Place(roots=(tmp_path, root))):
        assert paths.locate(f"{root}/x").root == root
        assert paths.locate(f"{tmp_path}/x").root == tmp_path
        assert paths.roots() == [str(tmp_path)]


def test_a_root_is_opened_but_not_acted_on_by_name(root: Path) -> None:
    with paths.open_at(str(root), READ | os.O_DIRECTORY) as found:
        assert os.fstat(found).st_ino == root.stat().st_ino
    assert paths.stat(str(root)).st_ino == root.stat().st_ino
    with pytest.raises(BadPath, match="one of the site's folders"), paths.beside(str(root)):
        pass


def test_a_root_that_is_not_mounted_is_tried_again(root: Path) -> None:
    root.rmdir()
    with pytest.raises(Unavailable) as caught:
        paths.stat(f"{root}/x")
    assert not caught.value.permanent


@pytest.mark.parametrize("name", [b"\xff\xfe", b"new\nline", b"\\x", b"C:", b"a\\..\\b", b"-rf *"])
def test_every_name_that_a_filesystem_holds_is_opened(root: Path, name: bytes) -> None:
    Path(os.fsdecode(bytes(root) + b"/" + name)).write_bytes(name)
    with paths.open_at(f"{root}/{os.fsdecode(name)}", READ) as found:
        assert os.read(found, 100) == name


def test_folders_are_made_as_far_as_they_are_missing(root: Path) -> None:
    (root / "a").mkdir()
    paths.make_folders(f"{root}/a/b/c")
    paths.make_folders(f"{root}/a/b/c")
    paths.make_folders(str(root))
    assert (root / "a/b/c").is_dir()
    (root / "file").touch()
    for path in (f"{root}/file/x", f"{root}/file"):
        with pytest.raises(NotADirectoryError):
            paths.make_folders(path)
