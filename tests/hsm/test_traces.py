"""What moved is as if nobody had been there."""

from __future__ import annotations

import fcntl
import os

import pytest

from lagan.hsm.traces import give_back_mode, read_unseen
from tests.hsm.conftest import Files, opened


def test_reading_does_not_count(files: Files) -> None:
    with opened(files.make(size=10)) as descriptor:
        before = os.fstat(descriptor).st_atime_ns
        read_unseen(descriptor)
        os.pread(descriptor, 10, 0)
        assert os.fstat(descriptor).st_atime_ns == before
        flags = fcntl.fcntl(descriptor, fcntl.F_GETFL)
        assert flags & os.O_ACCMODE == os.O_RDWR


def test_who_may_not_hide_it_reads_as_everybody_does(
    files: Files, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(descriptor: int, what: int, flags: int = 0) -> int:
        if what == fcntl.F_SETFL:
            raise PermissionError
        return 0

    with opened(files.make(size=10)) as descriptor, monkeypatch.context() as patch:
        patch.setattr(fcntl, "fcntl", refuse)
        read_unseen(descriptor)
        assert len(os.pread(descriptor, 10, 0)) == 10


def test_a_mode_that_was_taken_comes_back(files: Files) -> None:
    path = files.make(size=10)
    path.chmod(0o4755)
    before = path.stat()
    path.chmod(0o755)
    with opened(path) as descriptor:
        give_back_mode(descriptor, before)
    assert path.stat().st_mode == before.st_mode
