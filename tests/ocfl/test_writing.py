"""Objects are written version by version: what is there is not stored again, and what is killed is
finished by the same again."""

from __future__ import annotations

import fcntl
import json
import os
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

import pytest

from lagan.kit import files
from lagan.kit.digests import Buffer
from lagan.kit.errors import BadInput, BadPath, DigestMismatch, NoSpace
from lagan.ocfl import Content, Damaged, InUse, NotARoot, check, writing
from lagan.ocfl.layout import HASHED, Layout
from tests.ocfl import other
from tests.ocfl.building import ABOUT, FIRST, ID, LATER, SECOND, contents, put, tree, two_versions


def noted(content: Content, opened: list[str]) -> Content:
    """The same, and its path goes into the list when it is read."""

    def opener() -> Iterable[Buffer]:
        opened.append(content.path)
        return content.open()

    return Content(content.path, opener, content.digests)


def test_a_new_root_and_its_objects_are_valid(tmp_path: Path) -> None:
    root = tmp_path / "new" / "root"
    place = two_versions(root)
    put(root, FIRST, id="urn:lagan:0197:dataset/13")
    found = check(root)
    assert (found.listed, found.objects, found.files) == ([], 2, 5)
    assert other.of_root(root, warnings=True) == (True, 2, 2, [])
    assert (root / "0=ocfl_1.1").read_text() == "ocfl_1.1\n"
    assert place.name == "urn%3alagan%3a0197%3adataset%2f12"
    assert json.loads((root / "ocfl_layout.json").read_text())["extension"].startswith("0003-")


def test_equal_content_is_stored_once_over_all_versions(tmp_path: Path) -> None:
    place = two_versions(tmp_path)
    stored = {name for name in tree(place) if "content" in name}
    assert stored == {
        "v1/content/data/a.txt", "v1/content/data/deep/ž/b.bin", "v2/content/data/a.txt",
    }  # fmt: skip
    inventory = json.loads((place / "inventory.json").read_text())
    versions = inventory["versions"]
    assert sorted(sum(versions["v1"]["state"].values(), [])) == sorted(FIRST)
    assert sorted(sum(versions["v2"]["state"].values(), [])) == sorted(SECOND)
    assert (versions["v2"]["message"], versions["v2"]["user"]["name"]) == ("Second", "Milan")
    assert set(inventory["fixity"]) == {"sha256"}


def test_what_the_object_has_is_not_read_again(tmp_path: Path) -> None:
    put(tmp_path, FIRST)
    read: list[str] = []
    with writing(tmp_path) as writer:
        assert writer.lacks(ID, ["0" * 64, *(c.digests["sha256"] for c in contents(FIRST))]) == {
            "0" * 64
        }
        writer.add(ID, [noted(each, read) for each in contents(SECOND)], LATER)
    assert read == ["data/a.txt"]


def test_the_same_again_makes_no_version(tmp_path: Path) -> None:
    first = put(tmp_path, FIRST)
    again = put(tmp_path, FIRST, LATER)
    assert (first.new, again.new, again.version) == (True, False, 1)


def test_what_stands_aside_makes_no_version_by_itself(tmp_path: Path) -> None:
    def given(record: bytes, data: bytes) -> list[Content]:
        aside = Content("metadata/record", lambda: [record], aside=True)
        return [Content("data/a", lambda: [data]), aside]

    with writing(tmp_path) as writer:
        assert writer.add(ID, given(b"one", b"1"), ABOUT).new
        assert not writer.add(ID, given(b"two", b"1"), ABOUT).new
        assert writer.add(ID, given(b"two", b"2"), ABOUT).version == 2
    assert check(tmp_path).listed == []


def test_more_digests_are_compared_and_kept(tmp_path: Path) -> None:
    md5 = "5d41402abc4b2a76b9719d911017c592"
    with writing(tmp_path) as writer:
        added = writer.add(ID, [Content("a", lambda: [b"hel", b"lo"], {"md5": md5})], ABOUT)
    fixity = json.loads((added.place / "inventory.json").read_text())["fixity"]
    assert fixity["md5"] == {md5: ["v1/content/a"]}
    assert check(tmp_path).valid
    assert other.of_object(added.place) == []


def test_content_that_is_not_what_was_announced_is_refused(tmp_path: Path) -> None:
    before = put(tmp_path, FIRST).place
    was = tree(before)
    wrong = Content("data/new", lambda: [b"x"], {"sha256": "0" * 64})
    with pytest.raises(DigestMismatch, match="data/new"), writing(tmp_path) as writer:
        writer.add(ID, [*contents(FIRST), wrong], LATER)
    assert tree(before) == was
    assert check(tmp_path).valid


def test_a_source_that_breaks_off_leaves_the_object_as_it_was(tmp_path: Path) -> None:
    def broken() -> Iterator[bytes]:
        yield b"beginning"
        raise BadInput("The source is gone.")

    place = put(tmp_path, FIRST).place
    was = tree(place)
    with pytest.raises(BadInput, match="gone"), writing(tmp_path) as writer:
        writer.add(ID, [*contents(SECOND), Content("data/z", broken)], LATER)
    assert tree(place) == was
    put(tmp_path, SECOND, LATER)
    assert check(tmp_path).listed == []
    assert not (tmp_path / "extensions/lagan-export").exists()


@pytest.mark.parametrize("path", ["../a", "/a", "a//b", "a/./b", "a\0b", ""])
def test_paths_that_leave_the_object_are_refused(tmp_path: Path, path: str) -> None:
    with pytest.raises(BadPath), writing(tmp_path) as writer:
        writer.add(ID, [Content(path, lambda: [b""])], ABOUT)


@pytest.mark.parametrize("names", [("a", "a"), ("a", "a/b")])
def test_paths_that_cannot_be_together_are_refused(tmp_path: Path, names: tuple[str, ...]) -> None:
    with pytest.raises(BadInput), writing(tmp_path) as writer:
        writer.add(ID, [Content(name, lambda: [b""]) for name in names], ABOUT)


def test_folders_with_other_things_are_refused(tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("mine")
    with pytest.raises(NotARoot, match="neither empty"), writing(tmp_path):
        pass
    assert sorted(tree(tmp_path)) == ["mine.txt"]
    with pytest.raises(BadInput), writing(tmp_path / "mine.txt"):
        pass


def test_one_writer_at_a_time(tmp_path: Path) -> None:
    descriptor = os.open(tmp_path, os.O_RDONLY)
    fcntl.flock(descriptor, fcntl.LOCK_EX)
    with pytest.raises(InUse), writing(tmp_path):
        pass
    os.close(descriptor)
    put(tmp_path, FIRST)


def test_a_root_with_the_other_layout_is_gone_on_with(tmp_path: Path) -> None:
    put(tmp_path, FIRST)
    layout = Layout(HASHED, "md5", 2, 15, short=True)
    config = tmp_path / "extensions" / HASHED / "config.json"
    config.parent.mkdir()
    config.write_text(json.dumps(layout.config))
    (tmp_path / "ocfl_layout.json").write_text(
        json.dumps({"extension": HASHED, "description": "hashed"})
    )
    added = put(tmp_path, FIRST, id="object-01")
    place = "ff/75/53/44/92/48/5e/ab/b3/9f/86/35/67/28/88/4e"
    assert added.place == tmp_path / place
    assert [each.code for each in check(tmp_path).listed] == [
        "E083", "W005",
    ]  # fmt: skip
    # The object that was there before lies elsewhere; this one's id is no URI.


def test_layouts_give_the_places_of_their_specifications() -> None:
    digest = "3c0ff4240c1e116dba14c7627f2319b58aa3d77606d0d90dfc6161608ac987d4"
    assert Layout(HASHED).place("object-01") == f"3c0/ff4/240/{digest}"
    assert Layout().place("object-01") == "3c0/ff4/240/object-01"
    assert Layout().place("..hor/rib:le-$id") == "487/326/d8c/%2e%2ehor%2frib%3ale-%24id"
    long = "abcdefghij" * 10 + "a"
    digest = "5cc73e648fbcff136510e330871180922ddacf193b68fdeff855683a01464220"
    assert Layout().place(long) == f"5cc/73e/648/{long[:100]}-{digest}"


def test_an_object_that_was_tampered_with_is_not_gone_on_with(tmp_path: Path) -> None:
    place = put(tmp_path, FIRST).place
    (place / "inventory.json").write_text("{}")
    with pytest.raises(Damaged):
        put(tmp_path, SECOND, LATER)
    assert (place / "inventory.json").read_text() == "{}"


def test_a_full_disk_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: Any, **__: Any) -> None:
        raise OSError(28, "No space left on device")

    put(tmp_path, FIRST)
    monkeypatch.setattr(files.Draft, "flush", full)
    with pytest.raises(NoSpace):
        put(tmp_path, SECOND, LATER)
    monkeypatch.undo()
    put(tmp_path, SECOND, LATER)
    assert check(tmp_path).listed == []


class Killed(BaseException):
    """What no handler of ours cleans up after."""


def _dying(monkeypatch: pytest.MonkeyPatch, at: int) -> Callable[[], int]:
    """The process dies before its call number `at` that changes the disk; how many there were."""
    calls = 0

    def counted(act: Callable[..., Any]) -> Callable[..., Any]:
        def wrapped(*given: Any, **named: Any) -> Any:
            nonlocal calls
            calls += 1
            if calls == at:
                raise Killed
            return act(*given, **named)

        return wrapped

    for name in ("rename", "replace", "write_bytes", "mkdir", "rmdir"):
        monkeypatch.setattr(Path, name, counted(getattr(Path, name)))
    for name in ("sync", "fsync"):  # no power is cut here
        monkeypatch.setattr(os, name, counted(lambda *_: None))
    monkeypatch.setattr(files.Draft, "discard", files.Draft.close)  # the dead clear nothing away
    return lambda: calls


def test_killed_anywhere_a_new_object_is_whole_or_not_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(tmp_path / "clean", FIRST)
    points, expected = 1, tree(tmp_path / "clean")
    while True:
        root = tmp_path / f"killed-{points}"
        with monkeypatch.context() as dying:
            _dying(dying, points)
            try:
                put(root, FIRST)
            except Killed:
                pass
            else:
                break
        if (root / "0=ocfl_1.1").exists():
            assert check(root).valid, points
            assert other.of_root(root)[0], points
        put(root, FIRST)
        assert tree(root) == expected, points
        points += 1
    assert points > 15


def test_killed_anywhere_a_new_version_is_finished_by_the_same_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    two_versions(tmp_path / "clean")
    points, expected, reread = 1, tree(tmp_path / "clean"), set()
    while True:
        root = tmp_path / f"killed-{points}"
        place = put(root, FIRST).place
        with monkeypatch.context() as dying:
            _dying(dying, points)
            try:
                put(root, SECOND, LATER)
            except Killed:
                pass
            else:
                break
        reread.add(check(root).valid)
        assert tree(place / "v1") == tree(tmp_path / "clean" / place.relative_to(root) / "v1")
        put(root, SECOND, LATER)
        assert tree(root) == expected, points
        points += 1
    assert points > 10
    assert reread == {True, False}  # between the version and the inventory nothing else is possible


def test_content_that_had_arrived_is_not_fetched_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken() -> Iterator[bytes]:
        raise Killed
        yield b""

    given = contents({"data/a": b"first", "data/b": b"second"})
    with pytest.raises(Killed), writing(tmp_path) as writer:
        writer.add(ID, [given[0], Content("data/b", broken, given[1].digests)], ABOUT)
    opened: list[str] = []
    again = [noted(each, opened) for each in given]
    with writing(tmp_path) as writer:
        writer.add(ID, again, ABOUT)
    assert opened == ["data/b"]
    assert check(tmp_path).listed == []
