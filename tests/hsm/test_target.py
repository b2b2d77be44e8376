"""A target keeps what it was given under readable names, and says so only after reading it back."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from lagan.hsm.errors import BadMarker, Busy, Changed, MissingAtTarget, WrongContent
from lagan.hsm.naming import record_name
from lagan.hsm.record import Record
from lagan.hsm.target import Target, upload_prefix
from lagan.hsm.together import keeping
from lagan.kit.digests import Buffer
from lagan.kit.errors import Unavailable
from lagan.store import Volume, open_volume
from lagan.store.wrappers.through import Through
from tests.hsm.conftest import Files, opened

RECORD = Record("a/b", "/site/a/b", "a/b", 7, "00" * 32, 10**18, 4096, 0o640, 1, 2)


def keep(files: Files, path: Path, **how: Any) -> str:
    with opened(path) as descriptor:
        relative = str(path.relative_to(files.root))
        size = path.stat().st_size
        return keeping.keep(files.target, descriptor, size, relative, **how).object


def test_content_is_kept_under_its_files_name(anywhere: Files) -> None:
    path = anywhere.make("run 1/scan.dat", size=3_000_000)
    assert keep(anywhere, path) == "run 1/scan.dat"
    assert b"".join(map(bytes, anywhere.target.read("run 1/scan.dat"))) == path.read_bytes()
    assert anywhere.waiting() == []


def test_an_empty_file_has_an_object_too(anywhere: Files) -> None:
    path = anywhere.make("empty")
    path.write_bytes(b"")
    assert keep(anywhere, path) == "empty"
    assert anywhere.target.size("empty") == 0


def test_the_same_content_is_kept_once(anywhere: Files) -> None:
    path = anywhere.make(content=b"the same")
    with opened(path) as descriptor:
        first = keeping.keep(anywhere.target, descriptor, 8, "a")
        again = keeping.keep(anywhere.target, descriptor, 8, "a")
    assert (first.sent, again.sent) == (8, 0)
    assert again.object == first.object == "a"
    assert anywhere.objects() == ["a"]


def test_other_content_gets_a_suffix_and_the_older_stays(anywhere: Files) -> None:
    path = anywhere.make("a", content=b"first")
    keep(anywhere, path)
    path.write_bytes(b"other")
    name = keep(anywhere, path)
    assert name.startswith("a.")
    assert anywhere.objects() == ["a", name]
    assert b"".join(map(bytes, anywhere.target.read("a"))) == b"first"


def test_what_is_replaced_makes_room(anywhere: Files) -> None:
    path = anywhere.make("a", content=b"first")
    keep(anywhere, path)
    path.write_bytes(b"second")
    assert keep(anywhere, path, replaces="a") == "a"
    assert anywhere.objects() == ["a"]
    assert b"".join(map(bytes, anywhere.target.read("a"))) == b"second"


def test_a_replaced_object_with_a_suffix_goes_as_well(files: Files) -> None:
    path = files.make("a", content=b"first")
    keep(files, path)
    path.write_bytes(b"second")
    older = keep(files, path)
    path.write_bytes(b"third")
    newer = keep(files, path, replaces=older)
    assert files.objects() == ["a", newer]


def test_a_file_where_the_name_needs_a_folder_is_no_hindrance(files: Files) -> None:
    keep(files, files.make("a", content=b"once a file"))
    (files.root / "a").unlink()
    name = keep(files, files.make("a/b", content=b"now a folder"))
    assert name.startswith("~/")
    assert b"".join(map(bytes, files.target.read(name))) == b"now a folder"


def test_content_that_changed_meanwhile_is_not_kept(files: Files) -> None:
    path = files.make(size=100)
    with pytest.raises(Changed):
        keep(files, path, unchanged=lambda: False)
    assert (files.objects(), files.waiting()) == ([], [])


def test_a_file_that_became_shorter_is_not_kept(files: Files) -> None:
    path = files.make(size=100)
    with opened(path) as descriptor, pytest.raises(Changed):
        keeping.keep(files.target, descriptor, 101, "a")
    assert (files.objects(), files.waiting()) == ([], [])


class Lying(Through):
    """A volume that gives back other bytes than it took."""

    def read(self, name: str, offset: int = 0, length: int | None = None) -> Iterator[Buffer]:
        for piece in super().read(name, offset, length):
            yield bytes([piece[0] ^ 1]) + bytes(piece[1:])


class Silent(Through):
    """A volume that takes everything and gives nothing."""

    def read(self, name: str, offset: int = 0, length: int | None = None) -> Iterator[Buffer]:
        raise Unavailable("It does not answer.")


@pytest.mark.parametrize(("kind", "error"), [(Lying, WrongContent), (Silent, Unavailable)])
def test_what_cannot_be_read_back_does_not_count(
    files: Files, bucket: Path, kind: type[Through], error: type[Exception]
) -> None:
    volume: Volume = kind(open_volume(str(bucket)))
    path = files.make(size=100)
    with opened(path) as descriptor, pytest.raises(error):
        keeping.keep(Target("bucket", volume), descriptor, 100, "a")
    assert files.objects() == []


def test_what_a_killed_worker_began_is_begun_anew(files: Files) -> None:
    path = files.make("a", size=100)
    incoming = files.target.volume.receive(f"{upload_prefix('a')}-1")
    incoming.write([b"half of it"])
    incoming.checkpoint()
    with opened(path) as descriptor, pytest.raises(Busy):
        keeping.keep(files.target, descriptor, 100, "a")  # it lives still
    incoming.close()
    assert keep(files, path) == "a"
    assert files.waiting() == []


def test_nobody_elses_uploads_are_swept(files: Files) -> None:
    for key in ("hsm-old", "other"):
        files.target.volume.receive(key).close()
    busy = files.target.volume.receive("hsm-busy")
    assert files.target.sweep() == 0
    assert files.target.sweep(age=-1) == 1
    assert sorted(files.waiting()) == ["hsm-busy", "other"]
    busy.discard()


def test_the_newest_record_of_a_path_is_told(anywhere: Files) -> None:
    assert anywhere.target.record("a/b") is None
    keep(anywhere, anywhere.make("a/b", size=7))
    anywhere.target.tell(replace(RECORD, mtime=1))
    anywhere.target.tell(RECORD)
    anywhere.target.tell(RECORD)
    assert anywhere.target.record("a/b") == RECORD


def test_a_record_of_a_name_that_is_no_utf_8_comes_back(files: Files) -> None:
    name = os.fsdecode(b"caf\xe9\n")
    keep(files, files.make("a/b", size=7))
    files.target.tell(replace(RECORD, path=name, origin="/" + name))
    assert files.target.record(name) == replace(RECORD, path=name, origin="/" + name)


@pytest.mark.parametrize(
    "data",
    [b"", b"[]", b"{}", b'{"v":1}', b"\xff", b'{"v":1,"path":"a","xattrs":{"trusted.x":""}}'],
)
def test_a_record_that_cannot_be_read_is_refused(files: Files, data: bytes) -> None:
    files.target.volume.replace(record_name("a/b"), data)
    with pytest.raises(BadMarker):
        files.target.record("a/b")


def test_a_file_is_found_by_its_whole_path_and_else_by_the_part_beneath_the_root(
    files: Files,
) -> None:
    files.make("b", content=b"content")
    keep(files, files.root / "b")
    mine = replace(RECORD, path="b", origin="/here/x/b", object="b")
    files.target.tell(mine)
    assert files.target.find("/here/x/b", "") == mine
    assert files.target.find("/there/b", "b") == mine
    with pytest.raises(MissingAtTarget):
        files.target.find("/there/b", "")
    files.target.volume.delete("b")
    with pytest.raises(MissingAtTarget):
        files.target.find("/here/x/b", "b")
