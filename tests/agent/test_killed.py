"""kill -9 at any moment, then the same command again: the same result, nothing doubled."""

from __future__ import annotations

import os
import random
import signal
import threading

import pytest

from tests.agent.conftest import Bench
from tests.agent.hub import TestHub

LARGE = 2 << 20
SMALL = 40


def _fill(bench: Bench) -> int:
    """Large and small files of two people; their bytes in all."""
    rng = random.Random(7)
    for n in range(SMALL):
        bench.file(f"anna/small {n % 2}/{n}.tif", rng.randbytes(20_000 + n))
    bench.file("anna/large/one.raw", rng.randbytes(LARGE))
    bench.file("ben/large/two.raw", rng.randbytes(LARGE + 1))
    return sum(len(content) for content in bench.local().values())


def _kill_when(bench: Bench, hub: TestHub, received: int) -> bool:
    """Start a sync and kill it as soon as the hub has received so many bytes; whether it was."""
    reached = threading.Event()
    hub.received = 0
    hub.on_body = lambda count: reached.set() if count >= received else None
    with bench.start("sync", small_file_limit=100_000, max_upload_threads=2) as process:
        while process.poll() is None and not reached.wait(0.01):
            pass
        process.send_signal(signal.SIGKILL)
        process.communicate()
    hub.settle()
    hub.on_body = lambda count: None
    return reached.is_set()


def _finish(bench: Bench, hub: TestHub) -> None:
    code, out, err = bench.run("sync", small_file_limit=100_000, max_upload_threads=2)
    assert code == 0, out + err
    assert hub.contents() == bench.local()
    assert len(hub.stored) == len(set(hub.stored)) == SMALL + 2, "a file was archived twice"
    assert bench.uploads_kept() == 0


@pytest.mark.fault
@pytest.mark.parametrize(
    "share", [0.0, 0.05, 0.12, 0.2, 0.3, 0.42, 0.5, 0.66, 0.8, 0.9, 0.97, 0.999]
)
def test_killed_while_sending(bench: Bench, hub: TestHub, share: float) -> None:
    total = _fill(bench)
    assert _kill_when(bench, hub, int(total * share) + 1)
    _finish(bench, hub)


@pytest.mark.fault
def test_killed_again_and_again(bench: Bench, hub: TestHub) -> None:
    total = _fill(bench)
    for share in (0.1, 0.15, 0.1, 0.2, 0.05):
        _kill_when(bench, hub, int(total * share))
    _finish(bench, hub)


@pytest.mark.fault
@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "/api/uploads/batch/"),
        ("POST", "/api/uploads/"),
        ("PATCH", "/api/uploads/"),
        ("POST", "/api/ingest/datasets/"),
        ("POST", "/api/ingest/lookup/"),
        ("POST", "/api/ingest/instruments/"),
    ],
)
def test_killed_before_it_hears_the_answer(
    bench: Bench, hub: TestHub, method: str, path: str
) -> None:
    _fill(bench)
    process = bench.start("sync", small_file_limit=100_000, max_upload_threads=2)
    asked = threading.Event()

    def kill(each: str, where: str) -> None:
        if each == method and where.startswith(path) and not asked.is_set():
            asked.set()
            os.kill(process.pid, signal.SIGKILL)
            process.wait()

    hub.before_answer = kill
    with process:
        process.communicate()
    hub.settle()
    assert asked.is_set()
    hub.before_answer = lambda each, where: None
    _finish(bench, hub)


def test_what_had_arrived_of_a_large_file_is_not_sent_again(bench: Bench, hub: TestHub) -> None:
    bench.file("anna/d/large.raw", os.urandom(LARGE))
    assert _kill_when(bench, hub, LARGE // 2)
    hub.received = 0
    code, out, err = bench.run("sync", small_file_limit=100_000)
    assert code == 0, out + err
    assert hub.received < LARGE * 0.6
    assert hub.contents() == bench.local()
