"""Run one claimed task to its end, the same under every transport: beats, counts, and exactly
one last word to the ledger."""

from __future__ import annotations

import logging
import time
from collections.abc import Mapping, Sequence
from threading import Event, Lock, Thread
from typing import Any

from lagan.kit.errors import LaganError
from lagan.worker.ledger import (
    BEATS_PER_LEASE,
    LEASE,
    Cancelled,
    Claimed,
    ItemFailure,
    LeaseLost,
    Ledger,
    Outcome,
    Progress,
)
from lagan.worker.steps import step

log = logging.getLogger(__name__)

SHOWN_EVERY = 1.0
"""Seconds between two writes of progress; a cancel is seen within this time."""


class Stopping(Exception):
    """The worker is being stopped; the task goes back to be run by another."""


class Run:
    """The context of one attempt: its counts, its item outcomes, and whether it may go on."""

    def __init__(self, task: Claimed, ledger: Ledger, stop: Event) -> None:
        self.task = task
        self._ledger = ledger
        self._stop = stop
        self._lock = Lock()
        self._progress = Progress()
        self._shown = time.monotonic()
        self._verdict: LaganError | None = None
        self._items: dict[str, tuple[bool, ItemFailure]] = {}
        self._walks: list[list[str]] = []

    def found(self, items: Sequence[str], size: int) -> None:
        """See `Context.found`."""
        self._ledger.found(self.task, items, size)

    def leave_to_others(self, folders: Sequence[str]) -> None:
        """See `Context.leave_to_others`."""
        self._walks.append(list(folders))

    def token(self) -> str:
        """See `Context.token`."""
        return self._ledger.token(self.task)

    def progress(self, done: int, bytes: int = 0) -> None:
        """See `Context.progress`; raises Stopping too when the worker has been told to give its
        tasks back."""
        self._progress = Progress(done, bytes)
        if time.monotonic() - self._shown >= SHOWN_EVERY:
            self.beat()
        if self._verdict is not None:
            raise self._verdict
        if self._stop.is_set():
            raise Stopping

    def fail_item(self, item: str, category: str, reason: str) -> None:
        """See `Context.fail_item`."""
        self._items[item] = (True, ItemFailure(item, category, reason))

    def skip_item(self, item: str, category: str, reason: str) -> None:
        """See `Context.skip_item`."""
        self._items[item] = (False, ItemFailure(item, category, reason))

    def beat(self) -> None:
        """Renew the lease once; what the ledger answers is raised by the step's next `progress`."""
        with self._lock:
            if self._verdict is not None:
                return
            self._shown = time.monotonic()
            try:
                if self._ledger.beat(self.task, self._progress):
                    self._verdict = Cancelled("The job was cancelled.", task=self.task.id)
            except LeaseLost as lost:
                self._verdict = lost

    def leave(self) -> None:
        """Give up what the calling thread holds of the ledger (a database connection)."""
        self._ledger.leave()

    def outcome(self, result: Mapping[str, Any] | None = None, cancelled: bool = False) -> Outcome:
        """The counts as they stand; items that nothing was said about are done, if the step came
        to its end."""
        failed = sum(is_failure for is_failure, _ in self._items.values())
        skipped = len(self._items) - failed
        done = self._progress.done
        if self.task.items and not cancelled:
            done = len(self.task.items)
        return Outcome(
            done=max(0, done - failed - skipped),
            skipped=skipped,
            failed=failed,
            failures=[failure for _, failure in self._items.values()],
            result=dict(result or {}),
            bytes=self._progress.bytes,
            cancelled=cancelled,
            walks=tuple(self._walks),
        )


def execute(
    claimed: Claimed, ledger: Ledger, *, lease: float = LEASE, stop: Event | None = None
) -> None:
    """Run the step of `claimed` and tell the ledger how it ended. Never raises for what a step
    does.

    `stop`, when set, makes the step end at its next `progress` and gives the task back at once.
    """
    run = Run(claimed, ledger, stop or Event())
    ended = Event()
    beating = Thread(target=_beat_until, args=(run, ended, lease / BEATS_PER_LEASE), daemon=True)
    beating.start()
    try:
        _run_step(run, ledger)
    except LeaseLost:
        log.warning("task %s attempt %s: lease lost", claimed.id, claimed.attempt)
    finally:
        ended.set()
        beating.join()


def _run_step(run: Run, ledger: Ledger) -> None:
    task = run.task
    try:
        result = step(task.step)(run, task.args, task.items)
    except LeaseLost:
        raise
    except Cancelled:
        ledger.finish(task, run.outcome(cancelled=True))
    except Stopping:
        ledger.release(task)
    except LaganError as error:
        ledger.fail(task, f"{error.code}: {error.sentence}", error.permanent)
    except (
        Exception
    ) as error:  # a step is somebody else's code: whatever it raises is the task's failure
        log.exception("task %s (%s) attempt %s failed", task.id, task.step, task.attempt)
        ledger.fail(task, f"{type(error).__name__}: {error}", False)
    else:
        ledger.finish(task, run.outcome(result))


def _beat_until(run: Run, ended: Event, every: float) -> None:
    """Beat until `ended`; a ledger that cannot be reached now may be at the next beat."""
    while not ended.wait(every):
        try:
            run.beat()
        except Exception:
            log.warning("task %s: the ledger did not answer a beat", run.task.id, exc_info=True)
    run.leave()
