"""Under a lease nobody else has the file open; who wants it waits and is noticed."""

from __future__ import annotations

import os
import threading
from pathlib import Path

import pytest

from lagan.hsm import lease as leases
from lagan.hsm.errors import Busy
from lagan.hsm.lease import leased
from tests.hsm.conftest import opened
from tests.services.hub import until


@pytest.fixture
def file(tmp_path: Path) -> Path:
    (tmp_path / "file").write_bytes(b"content")
    return tmp_path / "file"


@pytest.mark.parametrize("flags", [os.O_RDONLY, os.O_WRONLY, os.O_RDWR])
def test_a_file_that_somebody_has_open_is_busy(file: Path, flags: int) -> None:
    with opened(file) as mine, opened(file, flags), pytest.raises(Busy), leased(mine):
        raise AssertionError("had a lease")


def test_one_opened_by_another_name_too(file: Path) -> None:
    other = file.with_name("other")
    other.hardlink_to(file)
    with opened(file) as mine, opened(other), pytest.raises(Busy), leased(mine):
        raise AssertionError("had a lease")


def test_who_opens_the_file_waits_until_the_lease_ends(file: Path) -> None:
    read: list[bytes] = []
    reader = threading.Thread(target=lambda: read.append(file.read_bytes()))
    with opened(file) as descriptor:
        with leased(descriptor) as lease:
            assert not lease.wanted()
            reader.start()
            until(lease.wanted)
            assert read == []
            lease.check()  # there is time
            os.pwrite(descriptor, b"CONTENT", 0)
        reader.join(60)
    assert read == [b"CONTENT"]


def test_who_waits_too_long_is_let_in_before_the_kernel_does(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(leases, "_SPARE", 1e6)
    reader = threading.Thread(target=file.read_bytes)
    with opened(file) as descriptor:
        with leased(descriptor) as lease:
            reader.start()
            until(lease.wanted)
            with pytest.raises(Busy):
                lease.check()
        reader.join(60)
    assert not reader.is_alive()
