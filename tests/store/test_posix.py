"""What a folder adds to the promises: links, locks, errors of the disk, nothing left behind."""

from __future__ import annotations

import errno
import gc
import os
import time
from pathlib import Path

import pytest

from lagan.kit import files
from lagan.kit.errors import BadPath, Conflict, LaganError, Locked, NoSpace, NotFound, Unavailable
from lagan.store import Incoming, Volume, open_volume, posix
from lagan.store.errors import BadLocation
from lagan.store.staging import lock
from tests.store.conftest import get, names, put


def test_objects_are_plain_files_with_readable_names(folder: Path, volume: Volume) -> None:
    put(volume, "2026/scan 1.tif", b"pixels")
    assert (folder / "2026/scan 1.tif").read_bytes() == b"pixels"
    assert volume.local_path("2026/scan 1.tif") == folder / "2026/scan 1.tif"


def test_what_is_gone_on_with_is_young_again(folder: Path, volume: Volume) -> None:
    """A sweep leaves young objects to whoever is cataloguing them; so must one be that had rested
    for hours before it was resumed and published."""
    incoming = volume.receive("rested")
    incoming.write([b"bytes"])
    incoming.checkpoint()
    incoming.close()
    os.utime(folder / ".lagan/incoming/rested", (1, 1))
    volume.publish([(volume.resume("rested", size=5), "late")])
    assert volume.stat("late").modified > time.time() - 3600


def test_links_are_neither_followed_nor_listed(folder: Path, volume: Volume) -> None:
    (folder / "passwd").symlink_to("/etc/passwd")
    (folder / "etc").symlink_to("/etc")
    assert names(volume) == set()
    for name in ("passwd", "etc/passwd"):
        with pytest.raises(BadPath):
            volume.read(name)
        with pytest.raises(BadPath):
            volume.delete(name)


def test_nothing_is_published_through_a_link(folder: Path, volume: Volume, tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (folder / "away").symlink_to(outside)
    with pytest.raises(BadPath):
        put(volume, "away/deep/er/x", b"x")
    assert not list(outside.iterdir())


def test_an_object_is_no_folder(volume: Volume) -> None:
    put(volume, "a", b"x")
    with pytest.raises(Conflict):
        put(volume, "a/b", b"x")
    put(volume, "d/e", b"x")
    with pytest.raises(NotFound):
        volume.read("d")
    assert volume.delete("d") is False
    assert names(volume) == {"a", "d/e"}


def test_who_writes_an_upload_has_it_alone(volume: Volume) -> None:
    incoming = volume.receive("key")
    with pytest.raises(Locked):
        volume.resume("key", size=0)
    incoming.close()
    volume.resume("key", size=0).discard()


def test_what_is_published_while_somebody_goes_on_with_it_is_not_cut(
    volume: Volume, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = volume.receive("upload")
    first.write([b"content"])

    def publish_first(draft: files.Draft, key: str) -> None:
        volume.publish([(first, "a")])
        lock(draft, key)

    monkeypatch.setattr(posix, "lock", publish_first)
    with pytest.raises(NotFound):
        volume.resume("upload", size=0)
    assert get(volume, "a") == b"content"


def test_a_removed_folder_is_made_again(folder: Path, volume: Volume) -> None:
    other = open_volume(str(folder))
    put(volume, "a/b/one", b"1")
    other.delete("a/b/one")
    assert not (folder / "a").exists()
    put(volume, "a/b/two", b"2")
    assert get(volume, "a/b/two") == b"2"


def test_a_line_cut_by_a_crash_is_ended_before_the_next(folder: Path, volume: Volume) -> None:
    volume.append(".lagan/x", b"one\n")
    with (folder / ".lagan/x").open("ab") as file:
        file.write(b"tw")
    volume.append(".lagan/x", b"three\n")
    assert (folder / ".lagan/x").read_bytes() == b"one\ntw #torn\nthree\n"


def _write_and_publish(volume: Volume, incoming: Incoming) -> None:
    incoming.write([b"x"])
    volume.publish([(incoming, "a/b")])


@pytest.mark.parametrize(
    ("number", "refusal"),
    [
        (errno.ENOSPC, NoSpace),
        (errno.EDQUOT, NoSpace),
        (errno.EIO, Unavailable),
        (errno.EROFS, Unavailable),
        (errno.EACCES, Unavailable),
    ],
)
@pytest.mark.parametrize("call", ["fsync", "pwritev", "mkdir"])
def test_errors_of_the_system_become_refusals(
    volume: Volume,
    monkeypatch: pytest.MonkeyPatch,
    call: str,
    number: int,
    refusal: type[LaganError],
) -> None:
    incoming = volume.receive("key")

    def fail(*_: object, **__: object) -> None:
        raise OSError(number, os.strerror(number))

    with monkeypatch.context() as broken:
        broken.setattr(os, call, fail)
        with pytest.raises(refusal):
            _write_and_publish(volume, incoming)
    incoming.discard()
    assert names(volume) == set()
    assert not list(volume.pending())


def test_a_folder_that_cannot_be_flushed_takes_all_names_back(
    volume: Volume, monkeypatch: pytest.MonkeyPatch
) -> None:
    group = [(volume.receive(f"k{number}"), f"d{number}/x") for number in range(3)]
    real, flushed = files.sync_folder, []

    def flaky(path: Path) -> None:
        flushed.append(path)
        if len(flushed) == 3:
            raise OSError(errno.EIO, "bad disk")
        real(path)

    with monkeypatch.context() as broken:
        broken.setattr("lagan.store.flushing.sync_folder", flaky)
        with pytest.raises(Unavailable):
            volume.publish(group)
    assert names(volume) == set()
    with pytest.raises(Unavailable, match="failed before"):
        volume.publish(group[:1])
    for incoming, _ in group:
        incoming.discard()
    assert not list(volume.pending())


def test_a_failed_append_leaves_the_file_as_long_as_it_was(
    volume: Volume, monkeypatch: pytest.MonkeyPatch
) -> None:
    volume.append(".lagan/x", b"one\n")

    def fail(_: int) -> None:
        raise OSError(errno.EIO, "bad disk")

    with monkeypatch.context() as broken:
        broken.setattr(os, "fsync", fail)
        with pytest.raises(Unavailable):
            volume.append(".lagan/x", b"two\n")
    assert get(volume, ".lagan/x") == b"one\n"


def test_no_descriptor_is_lost(volume: Volume) -> None:
    put(volume, "a", bytes(3 << 20))
    gc.collect()  # volumes of other tests that nobody has any more
    before = len(list(Path("/proc/self/fd").iterdir()))
    volume.read("a")
    next(volume.read("a"))
    get(volume, "a")
    with pytest.raises(NotFound):
        volume.read("b")
    assert len(list(Path("/proc/self/fd").iterdir())) == before


@pytest.mark.parametrize(
    "location", ["", "posix:", "ftp://x", "memory:", "s3://", "s3://b?x=1", "s3://u:p@b/"]
)
def test_what_is_no_location_is_refused(location: str) -> None:
    with pytest.raises(BadLocation):
        open_volume(location)


def test_a_folder_that_is_not_there_is_said_to_be_absent(tmp_path: Path) -> None:
    with pytest.raises(NotFound):
        open_volume(str(tmp_path / "no"))
    (tmp_path / "file").touch()
    with pytest.raises(NotFound):
        open_volume(f"posix:{tmp_path}/file")
