"""The engine without a server: claims tasks by lease, runs them in threads, gives them back when
it is told to stop."""

from __future__ import annotations

import logging
import os
import secrets
import socket
import time
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from threading import Event, Thread
from typing import Protocol

import lagan
from lagan.kit.errors import LaganError
from lagan.worker import place
from lagan.worker.answering import answering
from lagan.worker.execute import execute
from lagan.worker.ledger import LEASE, Claimed, Ledger, WorkerFacts
from lagan.worker.site import fullness

log = logging.getLogger(__name__)

POLL = 1.0
"""Seconds between two looks when nothing was heard: a task may become due without anybody saying
so."""

_SLICE = 0.5  # seconds of one wait, between two looks whether the worker is to stop
_END = 2.0  # seconds that the end of the program waits for the thread that listens
PRESENT_EVERY = 10.0  # seconds between two signs that the sites are served


class Waker(Protocol):
    """Knows when tasks may have changed."""

    def wait(self, timeout: float) -> bool:
        """Return True as soon as something changed, False after `timeout` seconds."""


@dataclass(frozen=True, slots=True)
class Worker:
    """What one worker process serves: `threads` tasks at once, at `sites`, under the name
    `name`."""

    name: str
    sites: Sequence[str]
    threads: int
    lease: float = LEASE
    transport: str = "database"
    poll: float = POLL
    """Seconds between two looks when nothing was heard, and those that one question may wait."""
    running: RunningCount = field(default_factory=lambda: RunningCount())

    def facts(self) -> WorkerFacts:
        """What it tells of itself now."""
        return WorkerFacts(
            name=self.name,
            sites=self.sites,
            host=socket.gethostname(),
            version=lagan.__version__,
            transport=self.transport,
            threads=self.threads,
            running=self.running.value,
            load=round(os.getloadavg()[0] / (os.cpu_count() or 1), 2),
            roots=[str(root) for root in place.current().roots],
            filesystems=fullness.filesystems(),
        )


def new_name() -> str:
    """A name for a worker, unique for ever: a machine may get back a process number."""
    return f"{socket.gethostname()}.{os.getpid()}.{secrets.token_hex(4)}"


class RunningCount:
    """How many tasks a worker runs now; set by the thread that starts them."""

    def __init__(self) -> None:
        self.value = 0


def serve(worker: Worker, ledger: Ledger, waker: Waker, stop: Event) -> None:
    """Run tasks and answer questions until `stop` is set; return when the tasks that run have
    ended or have been given back."""
    changed = Event()
    watching = Thread(target=_watch, args=(waker, ledger, worker.poll, changed, stop), daemon=True)
    watching.start()
    running: set[Future[None]] = set()
    present = Presence(worker, ledger)
    with (
        answering(worker.sites, ledger, worker.poll),
        ThreadPoolExecutor(worker.threads, thread_name_prefix="task") as pool,
    ):
        while not stop.is_set():
            changed.clear()  # before the claim: what changes from now on wakes us
            running = {each for each in running if not each.done()}
            worker.running.value = len(running)
            free = worker.threads - len(running)
            claimed = _claim(worker, ledger, free, present)
            for task in claimed:
                future = pool.submit(_run, task, ledger, worker.lease, stop)
                future.add_done_callback(lambda _: changed.set())
                running.add(future)
            if len(claimed) < free or free == 0:
                _await(changed, stop, min(worker.poll, PRESENT_EVERY))
    ledger.leave()
    watching.join(_END)


class Presence:
    """Says every few seconds that a worker serves its sites."""

    def __init__(self, worker: Worker, ledger: Ledger) -> None:
        self._worker = worker
        self._ledger = ledger
        self._said = float("-inf")

    def say(self) -> None:
        """Tell the ledger, unless it was told a moment ago."""
        if time.monotonic() - self._said >= PRESENT_EVERY:
            self._ledger.present(self._worker.facts())
            self._said = time.monotonic()


def _claim(worker: Worker, ledger: Ledger, free: int, present: Presence) -> list[Claimed]:
    """Some tasks; none when the ledger cannot be reached, which may be better at the next look."""
    try:
        present.say()
        return ledger.claim(worker.sites, worker.name, free) if free else []
    except LaganError as error:
        log.warning("the ledger cannot be reached: %s", error.sentence)
    except Exception:
        log.exception("the ledger cannot be reached")
    return []


def _await(changed: Event, stop: Event, seconds: float) -> None:
    """Return when something changed, the worker is to stop, or the time is over."""
    until = time.monotonic() + seconds
    while not stop.is_set() and (left := until - time.monotonic()) > 0:
        if changed.wait(min(left, _SLICE)):
            return


def _run(task: Claimed, ledger: Ledger, lease: float, stop: Event) -> None:
    """One task in a thread; what the ledger could not be told, it will find out when the lease
    ends."""
    try:
        execute(task, ledger, lease=lease, stop=stop)
    except Exception:
        log.exception("task %s attempt %s: the ledger was not told the end", task.id, task.attempt)
    finally:
        ledger.leave()


def _watch(waker: Waker, ledger: Ledger, poll: float, changed: Event, stop: Event) -> None:
    while not stop.is_set():
        try:
            if waker.wait(poll):
                changed.set()
        except LaganError as error:
            log.warning("changes of tasks cannot be heard: %s", error.sentence)
            stop.wait(POLL)
        except Exception:
            log.exception("changes of tasks cannot be heard; looking every %s s instead", poll)
            stop.wait(POLL)
    changed.set()
    ledger.leave()
