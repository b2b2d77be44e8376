"""What every place keeps: names as they are, bytes as they are, nothing beyond its top."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from lagan.kit.errors import LaganError
from lagan.transfer import (
    ChangedWhileRead,
    Found,
    NoSuchPath,
    NotReadable,
    OutsideTop,
    Place,
    Whole,
)
from tests.transfer.conftest import ODD


def test_a_folder_tells_names_kinds_sizes_and_times(place: Place):
    items = {each.name: each for each in place.items()}
    assert set(items) == {"first.txt", "run"}
    assert items["run"].kind == "folder"
    first = items["first.txt"]
    assert (first.kind, first.size, first.mtime_ns) == ("file", 5, 1_700_000_000 * 10**9)
    assert place.stat("first.txt") == first
    assert place.stat("").kind == "folder"


def test_a_file_is_read_whole_and_by_ranges(place: Place, top: Path):
    data = (top / "run/data.bin").read_bytes()
    assert b"".join(place.read("run/data.bin")) == data
    assert b"".join(place.read("run/data.bin", 100, 50)) == data[100:150]
    assert b"".join(place.read("run/data.bin", len(data) - 3)) == data[-3:]
    assert b"".join(place.read("run/data.bin", len(data) - 3, 1000)) == data[-3:]
    assert b"".join(place.read("run/data.bin", len(data) + 5)) == b""


@pytest.mark.parametrize("name", ODD)
def test_odd_names_come_back_as_they_are(place: Place, top: Path, name: str):
    (top / os.fsdecode(name.encode("utf-8", "surrogateescape"))).write_bytes(b"odd")
    assert name in {each.name for each in place.items()}
    assert b"".join(place.read(name)) == b"odd"
    assert place.read_small([name], 10) == [Whole(b"odd", place.stat(name).mtime_ns)]
    assert name in {each.path for each in place.walk() if isinstance(each, Found)}


def test_a_walk_finds_every_file_once(place: Place):
    walked = [each.path for each in place.walk() if isinstance(each, Found)]
    assert walked == ["first.txt", "run/data.bin", "run/deep/last.txt"]
    assert [each.path for each in place.walk("run") if isinstance(each, Found)] == [
        "data.bin",
        "deep/last.txt",
    ]
    (found,) = place.walk("run/data.bin")
    assert isinstance(found, Found)
    assert found.path == "data.bin"


def test_links_are_told_and_never_followed(place: Place, top: Path):
    (top / "out").symlink_to(top.parent)
    (top / "leak.txt").symlink_to(top.parent / "secret.txt")
    kinds = {each.name: each.kind for each in place.items()}
    assert (kinds["out"], kinds["leak.txt"]) == ("link", "link")
    with pytest.raises(OutsideTop):
        list(place.items("out"))
    with pytest.raises(OutsideTop):
        b"".join(place.read("out/secret.txt"))
    with pytest.raises((OutsideTop, NotReadable)):
        b"".join(place.read("leak.txt"))
    (outcome,) = place.read_small(["leak.txt"], 100)
    assert isinstance(outcome, LaganError)
    assert "out/secret.txt" not in {each.path for each in place.walk() if isinstance(each, Found)}


@pytest.mark.parametrize("path", ["../secret.txt", "run/../../secret.txt", "/etc/passwd", "a//b"])
def test_names_that_leave_the_top_are_refused(place: Place, path: str):
    with pytest.raises(OutsideTop):
        b"".join(place.read(path))


def test_what_is_not_there_or_no_file_is_said(place: Place):
    with pytest.raises(NoSuchPath):
        place.stat("nothing")
    with pytest.raises(NoSuchPath):
        list(place.items("nothing"))
    with pytest.raises(NotReadable):
        b"".join(place.read("run"))


def test_small_files_come_together_each_with_its_outcome(place: Place):
    got = place.read_small(["first.txt", "nothing", "run/data.bin", "run/deep/last.txt"], 1000)
    assert isinstance(got[0], Whole)
    assert got[0].data == b"first"
    assert isinstance(got[1], NoSuchPath)
    assert isinstance(got[2], ChangedWhileRead)  # larger than was asked for
    assert isinstance(got[3], Whole)
    assert got[3].data == b"last"
