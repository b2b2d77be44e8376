"""Programs that have a file open, or write it at any moment, lose nothing and never see bytes
vanish: on every filesystem."""

from __future__ import annotations

import mmap
import os
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from lagan.hsm import marker as markers
from lagan.hsm.errors import Busy, Changed
from tests.chance import dice
from tests.hsm.conftest import Files, opened, state
from tests.services.disks import Disk

SIZE = 64 << 10
ROUNDS = 4
"""Migrations under two writers, for each filesystem; `make soak` does a hundred times as many."""
SLOT = 64
"""Bytes that one write of a writer has for itself."""


@contextmanager
def open_as(path: Path, flags: int) -> Iterator[Callable[[], bytes]]:
    with opened(path, flags) as descriptor:
        yield lambda: os.pread(descriptor, SIZE, 0)


@contextmanager
def mapped(path: Path) -> Iterator[Callable[[], bytes]]:
    """The descriptor is closed: only the memory is left."""
    with opened(path) as descriptor:
        memory = mmap.mmap(descriptor, SIZE)
    with memory:
        yield lambda: memory[:]


@contextmanager
def by_another_name(path: Path) -> Iterator[Callable[[], bytes]]:
    other = path.with_name("other")
    other.hardlink_to(path)
    with open_as(other, os.O_RDONLY) as read:
        yield read


@contextmanager
def in_another_process(path: Path) -> Iterator[Callable[[], bytes]]:
    code = "import sys\nf = open(sys.argv[1], 'rb')\nprint(flush=True)\nsys.stdin.readline()\n"
    code += "sys.stdout.buffer.write(f.read())"
    with subprocess.Popen(
        [sys.executable, "-c", code, str(path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as other:
        assert other.stdout is not None
        other.stdout.readline()
        yield lambda: other.communicate(b"\n", timeout=60)[0]


HOLDERS = {
    "reader": lambda path: open_as(path, os.O_RDONLY),
    "appender": lambda path: open_as(path, os.O_RDWR | os.O_APPEND),
    "memory": mapped,
    "another name": by_another_name,
    "another process": in_another_process,
}


@pytest.mark.parametrize("holder", HOLDERS)
def test_who_has_a_file_open_keeps_it(files: Files, holder: str) -> None:
    path = files.make(size=SIZE)
    content = path.read_bytes()
    with HOLDERS[holder](path) as read:
        with pytest.raises(Busy):
            files.migrate(path)
        assert files.migrate(path, premigrate=True).state == "premigrated"
        with pytest.raises(Busy):
            files.migrate(path)
        assert read() == content
    assert files.migrate(path).state == "migrated"
    with HOLDERS[holder](path) if holder != "another name" else open_as(path, 0) as read:
        with pytest.raises(Busy):
            files.recall(path)
        assert read() == bytes(SIZE)  # a stub without a gate
    files.recall(path)
    assert path.read_bytes() == content


def test_a_place_holder_is_nobody_who_has_it_open(files: Files) -> None:
    """O_PATH reads nothing; what is opened through it later finds what is there then."""
    path = files.make(size=SIZE)
    content = path.read_bytes()
    with opened(path, os.O_PATH) as place:
        files.migrate(path)
        files.recall(path)
        assert Path(f"/proc/self/fd/{place}").read_bytes() == content


@pytest.mark.parametrize("how", ["write", "memory", "cut", "stretch", "touch"])
def test_a_change_while_the_content_is_copied_is_noticed(
    files: Files, how: str, disk: Disk
) -> None:
    path = files.make(size=SIZE)
    done = False

    def disturb(_: int) -> None:
        nonlocal done
        if done:
            return
        done = True
        with opened(path) as descriptor:
            if how == "write":
                os.pwrite(descriptor, b"newer", 7)
            elif how == "memory":
                with mmap.mmap(descriptor, SIZE) as memory:
                    memory[7:12] = b"newer"
            elif how == "cut":
                os.ftruncate(descriptor, 100)
            elif how == "stretch":
                os.ftruncate(descriptor, SIZE + 1)
            else:
                os.utime(descriptor)

    with pytest.raises((Changed, Busy)):
        files.migrate(path, tick=disturb)
    now = path.read_bytes()
    assert state(path) == "unmanaged"
    files.migrate(path)
    files.recall(path)
    assert path.read_bytes() == now


def test_who_wrote_through_memory_before_and_goes_on_is_noticed(files: Files, disk: Disk) -> None:
    """The second write into a page changes no time by itself, and on a tmpfs never. So it is a
    premigrated file that is stale there; before it is let go of it is read again."""
    path = files.make(size=SIZE)
    with opened(path) as descriptor, mmap.mmap(descriptor, SIZE) as memory:
        memory[7:12] = b"first"

        def write(_: int) -> None:
            memory[7:12] = b"newer"

        if disk.kind != "tmpfs":
            with pytest.raises(Changed):
                files.migrate(path, premigrate=True, tick=write)
            assert files.objects() == []
        files.migrate(path, premigrate=True)
        write(0)
    files.migrate(path)
    files.recall(path)
    assert path.read_bytes()[7:12] == b"newer"


@pytest.mark.slow
def test_two_writers_lose_nothing(files: Files) -> None:
    hammer(files, ROUNDS)


@pytest.mark.soak
@pytest.mark.timeout(3600)
def test_two_writers_lose_nothing_in_a_long_time(files: Files) -> None:
    hammer(files, 100 * ROUNDS)


def hammer(files: Files, rounds: int) -> None:
    """Two writers, each in slots of its own, while the file goes and comes: what each wrote last
    into a slot is there in the end."""
    path = files.make(content=bytes(SIZE))
    stop = threading.Event()
    writers = [Writer(path, number, stop) for number in range(2)]
    for each in writers:
        each.start()
    try:
        for _ in range(rounds):
            again(lambda: files.migrate(path))
            again(lambda: files.recall(path))
    finally:
        stop.set()
        for each in writers:
            each.join(60)
    content = path.read_bytes()
    for each in writers:
        assert each.last
        for slot, value in each.last.items():
            assert content[slot * SLOT : (slot + 1) * SLOT] == value


def again(move: Callable[[], object]) -> None:
    """Until nobody is in the way: a writer may always be."""
    while True:
        try:
            move()
        except (Busy, Changed):
            continue
        return


class Writer(threading.Thread):
    """Writes into every second slot, opening the file each time. Who has it open finds its content
    or a stub, and neither becomes the other meanwhile: a stub is left alone."""

    def __init__(self, path: Path, number: int, stop: threading.Event) -> None:
        super().__init__()
        self.last: dict[int, bytes] = {}
        self._path, self._number, self._ended = path, number, stop
        self._lot = dice(f"writer {number}")

    def run(self) -> None:
        while not self._ended.is_set():
            with opened(self._path) as descriptor:
                marker = markers.read(descriptor)
                if marker is None or not marker.away:
                    self._write(descriptor)
            self._ended.wait(self._lot.random() / 15)

    def _write(self, descriptor: int) -> None:
        slot = self._lot.randrange(SIZE // SLOT // 2) * 2 + self._number
        value = self._lot.randbytes(SLOT)
        if self._lot.random() < 0.5:
            os.pwrite(descriptor, value, slot * SLOT)
        else:
            with mmap.mmap(descriptor, SIZE) as memory:
                memory[slot * SLOT : (slot + 1) * SLOT] = value
        self.last[slot] = value
