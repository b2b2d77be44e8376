"""The loop that claims and runs: as many at once as it has threads, awake when something
changed."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from threading import Event, Lock, Thread
from typing import Any

import pytest

from lagan.worker import embedded, steps
from lagan.worker.embedded import Worker, serve
from lagan.worker.ledger import Claimed, Outcome, Progress, WorkerFacts
from lagan.worker.steps import Context, register_step
from tests.worker.quiet import QuietLedger

WAIT = 60.0  # seconds that anything awaited may take


class Rows(QuietLedger):
    """A ledger of tasks in memory."""

    def __init__(self) -> None:
        self.queued: list[int] = []
        self.finished: list[int] = []
        self.released: list[int] = []
        self.refusals = 0
        self.seen = 0
        self.changed = Event()
        self._lock = Lock()

    def claim(self, sites: Sequence[str], worker: str, count: int = 1) -> list[Claimed]:
        if self.refusals:
            self.refusals -= 1
            raise ConnectionError("the database restarts")
        with self._lock:
            taken, self.queued = self.queued[:count], self.queued[count:]
        return [Claimed(id, 1, "test.step", "lab", 1, {}, ["a"]) for id in taken]

    def beat(self, claimed: Claimed, progress: Progress) -> bool:
        return False

    def finish(self, claimed: Claimed, outcome: Outcome) -> None:
        self.finished.append(claimed.id)
        self.changed.set()

    def fail(self, claimed: Claimed, error: str, permanent: bool) -> None:
        raise AssertionError(error)

    def release(self, claimed: Claimed) -> None:
        self.released.append(claimed.id)

    def present(self, facts: WorkerFacts) -> None:
        self.seen += 1


class Bell:
    """A waker that is rung."""

    def __init__(self) -> None:
        self.rung = Event()

    def wait(self, timeout: float) -> bool:
        heard = self.rung.wait(min(timeout, 0.05))
        self.rung.clear()
        return heard


@contextmanager
def _serving(rows: Rows, bell: Bell, threads: int) -> Iterator[Event]:
    stop = Event()
    loop = Thread(target=serve, args=(Worker("w", ["lab"], threads), rows, bell, stop))
    loop.start()
    try:
        yield stop
    finally:
        stop.set()
        loop.join(WAIT)
        assert not loop.is_alive()


@pytest.fixture(autouse=True)
def _own_steps(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(steps, "_steps", {})


def _until(rows: Rows, condition: Callable[[], bool]) -> None:
    while not condition():
        assert rows.changed.wait(WAIT)
        rows.changed.clear()


def test_all_tasks_are_run_never_more_at_once_than_threads(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(embedded, "PRESENT_EVERY", WAIT * 3)
    rows, lock = Rows(), Lock()
    running: list[int] = []
    most = [0]
    met = Event()

    def work(context: Context, args: Mapping[str, Any], items: Sequence[str]) -> None:
        with lock:
            running.append(context.task.id)
            most[0] = max(most[0], len(running))
            if len(running) == 3:
                met.set()
        assert met.wait(WAIT)
        with lock:
            running.remove(context.task.id)

    register_step("test.step", work)
    rows.queued = list(range(20))
    with _serving(rows, Bell(), threads=3):
        _until(rows, lambda: len(rows.finished) == 20)
    assert most == [3]
    assert sorted(rows.finished) == list(range(20))
    assert rows.seen == 1


def test_a_sleeping_worker_wakes_when_something_changed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(embedded, "POLL", WAIT * 3)
    rows, bell = Rows(), Bell()
    register_step("test.step", lambda context, args, items: None)
    with _serving(rows, bell, threads=1) as stop:
        rows.queued = [1]
        bell.rung.set()
        _until(rows, lambda: rows.finished == [1])
        stop.set()
        bell.rung.set()


def test_a_ledger_that_was_away_is_asked_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(embedded, "POLL", 0.01)
    rows = Rows()
    rows.refusals, rows.queued = 3, [1]
    register_step("test.step", lambda context, args, items: None)
    with _serving(rows, Bell(), threads=1):
        _until(rows, lambda: rows.finished == [1])


def test_a_worker_told_to_stop_gives_back_what_it_runs() -> None:
    rows, begun = Rows(), Event()
    rows.queued = [1, 2]

    def work(context: Context, args: Mapping[str, Any], items: Sequence[str]) -> None:
        begun.set()
        while True:
            context.progress(0)

    register_step("test.step", work)
    with _serving(rows, Bell(), threads=1):
        assert begun.wait(WAIT)
    assert (rows.released, rows.queued, rows.finished) == ([1], [2], [])
