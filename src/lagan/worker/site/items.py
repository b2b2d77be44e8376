"""Each item of a step ends with one outcome, several at once, and no item's trouble is another's.

Moving a small file is waiting for the disk: side by side these waits become one.
"""

from __future__ import annotations

import errno
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextlib import contextmanager
from threading import Condition, Event, Lock
from typing import Any

from lagan.hsm.errors import Busy, Unfit
from lagan.hsm.migrating import Outcome
from lagan.hsm.target import Tick
from lagan.kit.errors import LaganError
from lagan.worker.ledger import AGAIN, ALREADY
from lagan.worker.site.refusals import category, reason
from lagan.worker.steps import Context

AT_ONCE = 4
"""Items of one task that are worked on side by side."""
SHOWN_EVERY = 0.5
"""Seconds between two words of progress while items take long."""
_PASSING = {errno.ENOSPC, errno.EDQUOT, errno.ETXTBSY, errno.EAGAIN, errno.ENOMEM}
"""What the system refuses today and perhaps not tomorrow."""

Act = Callable[[str, Tick], Outcome]


class _Enough(Exception):  # noqa: N818 - no error: the work is not wanted any more
    """Ends an item that is being worked on."""


class _Handled:
    """Bytes handled by all threads together, until it is `enough`."""

    def __init__(self) -> None:
        self.bytes = 0
        self.enough = Event()
        self._lock = Lock()

    def tick(self, count: int) -> None:
        with self._lock:
            self.bytes += count
        if self.enough.is_set():
            raise _Enough


def each(
    context: Context, items: Sequence[str], act: Act, at_once: int = AT_ONCE
) -> dict[str, Any]:
    """Do `act` to every item and tell how each ended; counts by state, and bytes moved. With one
    `at_once` in their order. What `context` raises ends those that are begun, cleanly."""
    states: Counter[str] = Counter()
    handled = _Handled()
    with ThreadPoolExecutor(at_once, "item") as pool:
        open_items = {pool.submit(_outcome, act, item, handled): item for item in items}
        try:
            done = 0
            while open_items:
                ended, _ = wait(open_items, SHOWN_EVERY, FIRST_COMPLETED)
                for future in ended:
                    _tell(context, open_items.pop(future), future, states)
                    done += 1
                context.progress(done, handled.bytes)
        except BaseException:
            handled.enough.set()
            pool.shutdown(wait=True, cancel_futures=True)
            raise
    return {"states": dict(sorted(states.items())), "bytes": handled.bytes}


def _outcome(act: Act, item: str, handled: _Handled) -> Outcome | LaganError | OSError:
    if handled.enough.is_set():
        raise _Enough
    try:
        return act(item, handled.tick)
    except (LaganError, OSError) as error:
        return error


def _tell(
    context: Context,
    item: str,
    future: Future[Outcome | LaganError | OSError],
    states: Counter[str],
) -> None:
    outcome = future.result()
    if isinstance(outcome, Unfit):
        kind = outcome.facts.get("kind", "unfit")
        context.skip_item(item, f"skipped.{kind}", outcome.sentence)
    elif isinstance(outcome, LaganError | OSError):
        context.fail_item(item, category_of(outcome), reason(outcome))
    else:
        states[outcome.state] += 1
        if outcome.already:
            context.skip_item(item, ALREADY, f"It is {outcome.state} already.")


def category_of(error: LaganError | OSError) -> str:
    """`failed.` and a word, or `failed.again.` and a word when it may pass by itself."""
    if isinstance(error, OSError) and error.errno == errno.ETXTBSY:
        return f"{AGAIN}.{Busy.code}"
    said = category(error)
    passing = not error.permanent if isinstance(error, LaganError) else error.errno in _PASSING
    return f"{AGAIN}.{said.removeprefix('failed.')}" if passing else said


_moving: set[tuple[int, int]] = set()
_changed = Condition()


@contextmanager
def alone(device: int, inode: int) -> Iterator[None]:
    """Only one thread of this process is at a file at a time, by whatever of its names: another
    one's open descriptor would make it busy."""
    key = (device, inode)
    with _changed:
        _changed.wait_for(lambda: key not in _moving)
        _moving.add(key)
    try:
        yield
    finally:
        with _changed:
            _moving.discard(key)
            _changed.notify_all()
