"""After any failure there is the old file or the whole new one, and no temporary file."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lagan.kit import files
from lagan.kit.files import Draft, make_folders, move_in, sync_folder, write_all, write_atomically


def failing(number: int) -> Callable[..., int]:
    def fail(*_: object) -> int:
        raise OSError(number, os.strerror(number))

    return fail


def test_a_small_file_is_written_with_its_folders(tmp_path: Path) -> None:
    write_atomically(tmp_path / "a/b/c", b"new")
    assert (tmp_path / "a/b/c").read_bytes() == b"new"
    assert [each.name for each in (tmp_path / "a/b").iterdir()] == ["c"]


def test_a_file_is_replaced_unless_told_otherwise(tmp_path: Path) -> None:
    write_atomically(tmp_path / "f", b"1")
    write_atomically(tmp_path / "f", b"2")
    with pytest.raises(FileExistsError):
        write_atomically(tmp_path / "f", b"3", overwrite=False)
    assert (tmp_path / "f").read_bytes() == b"2"
    assert len(list(tmp_path.iterdir())) == 1


@pytest.mark.parametrize("call", ["pwritev", "fsync"])
@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EIO, errno.EDQUOT])
def test_a_failure_leaves_the_old_file_and_nothing_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, call: str, number: int
) -> None:
    write_atomically(tmp_path / "f", b"old")
    monkeypatch.setattr(os, call, failing(number))
    with pytest.raises(OSError, match=os.strerror(number)):
        write_atomically(tmp_path / "f", b"new")
    assert {each.name: each.read_bytes() for each in tmp_path.iterdir()} == {"f": b"old"}


def test_a_draft_that_failed_to_flush_is_never_believed_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    draft = Draft.create(tmp_path / "d")
    draft.write([b"bytes"])
    with monkeypatch.context() as broken:
        broken.setattr(os, "fsync", failing(errno.EIO))
        with pytest.raises(OSError, match="error"):
            draft.flush()
    with pytest.raises(OSError, match="failed before"):
        draft.flush()
    draft.discard()
    assert not list(tmp_path.iterdir())


@given(
    pieces=st.lists(st.binary(max_size=50), max_size=40),
    takes=st.lists(st.integers(1, 70), min_size=1, max_size=8),
)
def test_short_writes_lose_nothing(
    tmp_path_factory: pytest.TempPathFactory, pieces: list[bytes], takes: list[int]
) -> None:
    path = tmp_path_factory.mktemp("short") / "f"
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT)
    turns = iter(takes * 3000)
    real = os.pwritev

    def short(to: int, views: Sequence[memoryview], offset: int) -> int:
        return real(to, [b"".join(views)[: next(turns)]], offset)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(os, "pwritev", short)
        written = write_all(descriptor, pieces, 0)
    os.close(descriptor)
    assert path.read_bytes() == b"".join(pieces)
    assert written == path.stat().st_size


def test_more_pieces_than_one_call_takes_are_written(tmp_path: Path) -> None:
    draft = Draft.create(tmp_path / "d")
    draft.write([b"%04d" % number for number in range(5000)])
    draft.close()
    assert (tmp_path / "d").read_bytes() == b"".join(b"%04d" % number for number in range(5000))


@pytest.mark.parametrize("kernel", ["with renameat2", "without"])
def test_a_name_that_is_taken_is_never_overwritten(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kernel: str
) -> None:
    if kernel == "without":
        monkeypatch.setattr(files, "_renameat2", None)
    (tmp_path / "new").write_text("new")
    (tmp_path / "old").write_text("old")
    with pytest.raises(FileExistsError):
        move_in(tmp_path / "new", tmp_path / "old")
    assert (tmp_path / "old").read_text() == "old"
    move_in(tmp_path / "new", tmp_path / "free")
    assert {each.name for each in tmp_path.iterdir()} == {"old", "free"}


def test_the_folders_to_flush_are_those_that_hold_a_new_one(tmp_path: Path) -> None:
    assert make_folders(tmp_path / "a/b") == [tmp_path, tmp_path / "a"]
    assert make_folders(tmp_path / "a/b") == []
    (tmp_path / "file").touch()
    with pytest.raises(FileExistsError):
        make_folders(tmp_path / "file")
    sync_folder(tmp_path / "a")


def test_large_drafts_start_their_way_to_the_disk_early(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    started: list[tuple[int, int]] = []
    monkeypatch.setattr(
        files, "start_writeback", lambda _, offset, length: started.append((offset, length))
    )
    draft = Draft.create(tmp_path / "d")
    for _ in range(70):
        draft.write([bytes(1 << 20)])
    draft.discard()
    assert started == [(0, 32 << 20), (32 << 20, 32 << 20)]
