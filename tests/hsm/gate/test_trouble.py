"""Nobody reads what is not the content, and nobody waits for ever."""

from __future__ import annotations

import errno
import os
import signal
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from lagan.hsm import marker as markers
from lagan.hsm.errors import Busy
from lagan.hsm.lease import leased as lease
from tests.hsm.gate.conftest import Site, await_that, read_error, run


@pytest.fixture(scope="module")
def pool() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(32)


def test_a_mover_that_is_killed_leaves_its_reader_waiting_for_the_next(
    gated: Site, pool: ThreadPoolExecutor
) -> None:
    path, content = gated.migrated("killed.dat")
    with gated.held(path):
        reading = pool.submit(path.read_bytes)
        await_that(lambda: gated.status()["recalls"] == 1)
        for _ in range(2):
            before = gated.mover()
            os.kill(before, signal.SIGKILL)
            await_that(lambda: gated.gate_answers() and gated.status()["recalls"] == 1)
            assert gated.mover() != before
            assert not reading.done()
    assert reading.result(100) == content


def test_a_hold_outlives_the_mover_that_gave_it(gated: Site) -> None:
    path, _ = gated.migrated("held.dat")
    with gated.opened(path):
        before = gated.mover()
        os.kill(before, signal.SIGKILL)
        await_that(lambda: gated.gate_answers() and gated.mover() != before)
        with pytest.raises(Busy), gated.opened(path):
            pass
    with gated.opened(path):
        pass


def test_a_damaged_object_is_an_error_and_the_file_stays_away(gated: Site) -> None:
    path, content = gated.migrated("damaged.dat")
    marker = markers.read(path)
    assert marker is not None
    kept = gated.bucket / marker.object
    kept.chmod(0o600)
    kept.write_bytes(bytes(len(content)))
    assert read_error(path) == errno.EIO
    assert gated.state(path) == "migrated"
    kept.write_bytes(content)
    assert path.read_bytes() == content


def test_a_missing_object_is_an_error(gated: Site) -> None:
    path, _ = gated.migrated("missing.dat")
    marker = markers.read(path)
    assert marker is not None
    (gated.bucket / marker.object).unlink()
    assert read_error(path) == errno.EIO
    assert gated.state(path) == "migrated"


def test_a_marker_that_nobody_understands_is_an_error(gated: Site) -> None:
    path = gated.make("odd.dat")
    os.setxattr(path, markers.NAME, b"{}")
    await_that(lambda: read_error(path) == errno.EIO)


def test_many_who_read_one_file_wait_for_one_recall(gated: Site, pool: ThreadPoolExecutor) -> None:
    path, content = gated.migrated("wanted.dat")
    other = path.with_name("other-name.dat")
    os.link(path, other)
    with gated.held(path):
        readings = [pool.submit(each.read_bytes) for each in [path, other] * 8]
        await_that(lambda: gated.status()["waiting"] == 16)
        assert gated.status()["recalls"] == 1
    assert {reading.result(100) for reading in readings} == {content}
    await_that(lambda: gated.status()["waiting"] == 0)


def test_a_file_that_waits_keeps_no_other_waiting(gated: Site, pool: ThreadPoolExecutor) -> None:
    stuck, content = gated.migrated("stuck.dat")
    other, others = gated.migrated("quick.dat")
    plain = gated.make("plain.dat", b"here")
    with gated.held(stuck):
        reading = pool.submit(stuck.read_bytes)
        await_that(lambda: gated.status()["recalls"] == 1)
        assert (other.read_bytes(), plain.read_bytes()) == (others, b"here")
        assert not reading.done()
    assert reading.result(100) == content


def test_somebodys_lease_keeps_no_other_waiting(gated: Site, pool: ThreadPoolExecutor) -> None:
    leased, plain = gated.make("leased.dat", b"leased"), gated.make("unleased.dat", b"plain")
    with gated.opened(leased) as descriptor, lease(descriptor) as held:
        reading = pool.submit(leased.read_bytes)
        await_that(held.wanted)
        assert plain.read_bytes() == b"plain"
        assert not reading.done()
    assert reading.result(100) == b"leased"


def test_letting_go_and_coming_back_beside_readers_hang_nobody(
    gated: Site, pool: ThreadPoolExecutor
) -> None:
    """The worker's own descriptors raise no events: it would wait for itself."""
    path, content = gated.migrated("again.dat")
    for _ in range(3):
        gated.recall(path)
        gated.migrate(path)
        readings = [pool.submit(path.read_bytes) for _ in range(4)]
        assert {reading.result(100) for reading in readings} == {content}
        gated.migrate_soon(path)


def test_a_reader_that_is_killed_is_forgotten(gated: Site) -> None:
    path, content = gated.migrated("forgotten.dat")
    with gated.held(path):
        reader = subprocess.Popen(["cat", str(path)], stdout=subprocess.DEVNULL)
        await_that(lambda: gated.status()["waiting"] == 1)
        reader.kill()
        reader.wait(100)
        await_that(lambda: gated.status()["waiting"] == 0)
    await_that(lambda: gated.status()["recalls"] == 0)
    assert path.read_bytes() == content


def test_names_of_any_bytes_come_back(gated: Site) -> None:
    for name in (b"new\nline", b"\xff\xfe no utf-8", "š ø 日本".encode(), b" '\"$(x)", b"-rf"):
        path, content = gated.migrated(os.fsdecode(name))
        assert path.read_bytes() == content


def test_a_large_file_comes_back(gated: Site) -> None:
    path, content = gated.migrated("large.dat", os.urandom(20 << 20))
    assert path.read_bytes() == content


def test_a_file_with_a_readable_beginning_comes_back(gated: Site) -> None:
    path, content = gated.migrated("begun.dat", stub_size=8192)
    assert path.read_bytes() == content


def test_a_mount_for_reading_only_shows_the_content(gated: Site, tmp_path: Path) -> None:
    path, content = gated.migrated("elsewhere.dat")
    view = tmp_path / "view"
    view.mkdir()
    run("mount", "--bind", str(gated.root), str(view))
    try:
        run("mount", "-o", "remount,bind,ro", str(view))
        assert (view / path.name).read_bytes() == content
    finally:
        run("umount", str(view))


def test_a_stub_that_is_restored_from_a_backup_comes_back(gated: Site, tmp_path: Path) -> None:
    """Its file was known as here while it was being made."""
    path, content = gated.migrated("restored.dat")
    value = os.getxattr(path, markers.NAME)
    path.unlink()
    with path.open("wb") as file:
        file.truncate(len(content))
    assert path.read_bytes() == bytes(len(content))  # and is looked at no more
    os.setxattr(path, markers.NAME, value)
    await_that(lambda: path.read_bytes() == content)


WRITER = """
import os, random, sys, time
path, at, count = sys.argv[1], int(sys.argv[2]), 0
while not os.path.exists(path + '.stop'):
    count += 1
    wrote = count.to_bytes(8, 'big')
    with open(path, 'r+b', buffering=0) as file:
        assert os.pwrite(file.fileno(), wrote, at) == 8
    with open(path, 'rb', buffering=0) as file:
        assert os.pread(file.fileno(), 8, at) == wrote, count
    time.sleep(0.3 * random.random())  # a file that is always being written stays here
print(count)
"""


@pytest.mark.parametrize("moves", [3, pytest.param(400, marks=pytest.mark.soak)])
def test_no_write_is_lost_while_a_file_goes_and_comes(gated: Site, moves: int) -> None:
    """Two programs write their own bytes of it, and read back what they wrote."""
    path = gated.make(f"hammered-{moves}.dat", bytes(65536))
    places = (0, 40_000)
    words = [sys.executable, "-c", WRITER, str(path)]
    writers = [subprocess.Popen([*words, str(at)], stdout=subprocess.PIPE) for at in places]
    moved = 0
    try:
        while moved < moves:
            assert all(each.poll() is None for each in writers)
            moved += gated.migrate_soon(path)
    finally:
        Path(f"{path}.stop").touch()
        counts = [each.communicate(timeout=100)[0] for each in writers]
    assert [each.returncode for each in writers] == [0, 0]
    whole = path.read_bytes()
    told = [int.from_bytes(whole[at : at + 8], "big") for at in places]
    assert told == [int(count) for count in counts]
