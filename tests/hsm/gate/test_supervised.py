"""A guard that dies lets nobody through where a service manager keeps its descriptors: here the
test is the manager."""

from __future__ import annotations

import errno
import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from lagan.hsm.gate.supervised import kept
from tests.hsm.gate.conftest import LAGAN, Site, await_that

AS_A_MANAGER = """
import os, sys
names = sys.argv[1].split(',')
numbers = [int(word) for word in sys.argv[2].split(',')]
for at, number in enumerate([os.dup(each) for each in numbers]):
    os.dup2(number, 100 + at)
for at in range(len(numbers)):
    os.dup2(100 + at, 3 + at)
os.environ.update(LISTEN_PID=str(os.getpid()), LISTEN_FDS=str(len(names)),
                  LISTEN_FDNAMES=':'.join(names))
os.execv(sys.argv[3], sys.argv[3:])
"""


class Manager:
    """Keeps what a service hands over, and starts it again with that."""

    def __init__(self, folder: Path) -> None:
        self.address = str(folder / "notify")
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.bind(self.address)
        self.socket.settimeout(30)
        self.kept: dict[str, int] = {}

    def await_ready(self) -> None:
        while True:
            data, descriptors, _, _ = socket.recv_fds(self.socket, 4096, 4)
            told = dict(line.split("=", 1) for line in data.decode().splitlines())
            if descriptors and told.get("FDSTORE") == "1":
                old = self.kept.pop(told["FDNAME"], None)
                if old is not None:
                    os.close(old)
                self.kept[told["FDNAME"]] = descriptors[0]
            if told.get("READY") == "1":
                return

    def start(self, site: Site) -> None:
        words = [LAGAN, "recalld", "--config", str(site.config)]
        if self.kept:
            numbers = ",".join(str(each) for each in self.kept.values())
            words = [sys.executable, "-c", AS_A_MANAGER, ",".join(self.kept), numbers, *words]
        environment = {**os.environ, "NOTIFY_SOCKET": self.address}
        with (site.folder / "gate.log").open("ab") as log:
            site.gate = subprocess.Popen(
                words, env=environment, pass_fds=tuple(self.kept.values()), stdout=log, stderr=log
            )
        self.await_ready()

    def close(self) -> None:
        self.socket.close()
        for each in self.kept.values():
            os.close(each)


@pytest.fixture
def manager(tmp_path: Path) -> Iterator[Manager]:
    manager = Manager(tmp_path)
    yield manager
    manager.close()


def test_who_opens_a_file_while_no_guard_is_there_waits_for_the_next(
    site: Site, manager: Manager
) -> None:
    site.configure()
    manager.start(site)
    assert set(manager.kept) == {"group", "door"}
    (waited, _), (opened, content) = site.migrated("waited.dat"), site.migrated("opened.dat")
    pool = ThreadPoolExecutor(2)
    with site.held(waited):
        late = pool.submit(waited.read_bytes)
        await_that(lambda: site.status()["waiting"] == 1)
        assert site.gate is not None
        site.gate.kill()
        site.gate.wait(20)
        reading = pool.submit(opened.read_bytes)
        manager.start(site)
    assert reading.result(30) == content
    with pytest.raises(OSError, match="temporarily unavailable") as refused:
        late.result(30)
    assert refused.value.errno == errno.EAGAIN
    assert site.state(waited) == "migrated"
    await_that(site.gate_answers)
    assert len(waited.read_bytes()) == 65536
    pool.shutdown()


def test_a_mover_ends_with_its_guard(gated: Site) -> None:
    """Or it would answer beside the next one's."""
    gated.stop()
    gated.start()
    mover = gated.mover()
    assert gated.gate is not None
    gated.gate.kill()
    gated.gate.wait(20)
    await_that(lambda: not Path(f"/proc/{mover}").exists())
    gated.start()


def test_what_another_process_was_given_is_not_ours() -> None:
    environment = {"LISTEN_PID": "1", "LISTEN_FDS": "2", "LISTEN_FDNAMES": "group:door"}
    assert kept(environment) == {}
    assert environment == {}
