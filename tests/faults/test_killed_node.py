"""kill -9 of an archive node at the calls that write, and calls that fail: what was acknowledged is
there, nothing is torn, nothing is left over, and it goes on."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.chance import dice
from tests.faults.node_victim import ELEMENTS, Sent, Struck, expect_settled, expect_whole
from tests.services.node import Node

DEEP = {"fsync": 12, "fdatasync": 8, "renameat2": 5, "mkdir": 3, "pwrite64": 60, "pwritev2": 8}
"""Calls at which one thread is struck, and how often each comes in a thread."""
POINTS = [(call, nth) for call, most in DEEP.items() for nth in range(1, most + 1)]
ERRORS = ("ENOSPC", "EIO")
SAMPLE, REFUSED = 4, 5
"""In `make test`: about five seconds each."""


@pytest.fixture
def struck(tmp_path: Path) -> Iterator[Node]:
    """A node that is ended whatever becomes of it."""
    node = Node(tmp_path, elements=ELEMENTS)
    yield node
    node.kill()


@pytest.mark.fault
@pytest.mark.slow
@pytest.mark.timeout(900)
def test_killed_at_some_calls(struck: Node, tmp_path: Path) -> None:
    drawn = dice().sample(POINTS, len(POINTS))
    assert kill_until(SAMPLE, drawn, struck, tmp_path) == SAMPLE


@pytest.mark.soak
@pytest.mark.timeout(7200)
def test_killed_at_every_call(struck: Node, tmp_path: Path) -> None:
    kill_at_all(POINTS, struck, tmp_path)


def kill_at_all(points: list[tuple[str, int]], struck: Node, tmp_path: Path) -> None:
    assert kill_until(len(points), points, struck, tmp_path) >= len(points) // 2, (
        "most strikes must have hit, or nothing is shown"
    )


def kill_until(enough: int, points: list[tuple[str, int]], struck: Node, tmp_path: Path) -> int:
    """Strike at one after another until `enough` have hit; how many did. How many calls a thread
    makes depends on how many senders meet: the last ones of a kind do not always come."""
    hits = 0
    struck.start()
    sent = Sent(struck)
    for number, (call, nth) in enumerate(points):
        if hits == enough:
            break
        sent.one("ARCHIVE", f"before-{number}", b"before")
        assert struck.process is not None
        log = tmp_path / f"{call}-{nth}.log"
        strike = Struck(struck.process.pid, log, f"{call}:signal=KILL:when={nth}")
        sent.send(f"{call}-{nth}")
        strike.end()
        if sent.broken:
            hits += 1
            assert struck.process.wait(60) < 0
            struck.kill()
            struck.start()
        sent.one("ARCHIVE", f"after-{number}", b"after")
        expect_whole(struck, sent)
        expect_settled(struck)
    struck.stop()
    return hits


@pytest.mark.fault
@pytest.mark.slow
@pytest.mark.timeout(900)
def test_refused_at_some_calls(struck: Node, tmp_path: Path) -> None:
    """A call fails once in each thread: whoever asked is told, and the same again succeeds."""
    some = dice().sample([(*each, error) for each in POINTS for error in ERRORS], REFUSED)
    struck.start()
    sent = Sent(struck)
    for call, nth, error in some:
        assert struck.process is not None
        log = tmp_path / f"{call}-{nth}-{error}.log"
        strike = Struck(struck.process.pid, log, f"{call}:error={error}:when={nth}")
        sent.send(f"{call}-{nth}-{error}")
        strike.end()
        assert not sent.broken, struck.log()
        sent.one("ARCHIVE", f"after-{call}-{nth}-{error}", b"after")
    expect_whole(struck, sent)
    assert not [each for each in sent.words if "Traceback" in each or "could not do" in each]
    struck.get("INIT")
    expect_settled(struck)
    struck.stop()
