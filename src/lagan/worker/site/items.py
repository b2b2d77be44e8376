"""Each item of a step ends with one outcome, several at once, and no item's trouble is another's.

Moving a small file is waiting for the disk: side by side, and in groups, these waits become one.
"""

from __future__ import annotations

import errno
import resource
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextlib import contextmanager, suppress
from threading import Condition, Event, Lock
from typing import Any

from lagan.hsm.errors import Busy, Unfit
from lagan.hsm.migrating import Outcome
from lagan.hsm.target import Tick
from lagan.hsm.together.group import Move, attempt, together
from lagan.kit.errors import LaganError, Locked
from lagan.worker.ledger import AGAIN, ALREADY
from lagan.worker.site.refusals import category, reason
from lagan.worker.steps import Context

AT_ONCE = 4
"""Items of one task that are worked on side by side."""
SHOWN_EVERY = 0.5
"""Seconds between two words of progress while items take long."""
_PASSING = {errno.ENOSPC, errno.EDQUOT, errno.ETXTBSY, errno.EAGAIN, errno.ENOMEM}
"""What the system refuses today and perhaps not tomorrow."""

GROUP = 128
"""Files that are moved together at most: their flushes take some 100 ms, for which whoever opens
one of them may wait."""
_SHARE = 80
"""Descriptors that this process may have open for each file of a group: two, in `AT_ONCE` groups of
ten tasks."""

Act = Callable[[str, Tick], Outcome]
Begin = Callable[[str, Tick, bool], Move[Outcome]]
"""The move of an item; the flag says that it is by itself."""
End = Outcome | LaganError | OSError
Work = Callable[[Sequence[str], Tick], Sequence[End]]


class Apart(Locked):
    """This item is not moved in a group: it is large, or somebody is at it just now."""


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

    def work(some: Sequence[str], tick: Tick) -> list[End]:
        return [attempt(lambda item: act(item, tick), item) for item in some]

    return _work_off(context, [[item] for item in items], work, at_once)


def each_together(context: Context, items: Sequence[str], begin: Begin) -> dict[str, Any]:
    """The same with moves, which go side by side in groups. What is better moved by itself says so
    by `Apart` when it is begun in a group, and is begun again when the others are done."""

    def work(some: Sequence[str], tick: Tick) -> list[End]:
        return list(together([begin(item, tick, len(some) == 1) for item in some]))

    count = group_size()
    shares = [items[at : at + count] for at in range(0, len(items), count)]
    return _work_off(context, shares, work, AT_ONCE)


def group_size() -> int:
    """Files of a group: each has two descriptors open, several groups and tasks at a time."""
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    most = GROUP if soft == resource.RLIM_INFINITY else min(GROUP, soft // _SHARE)
    return max(most, 2)


def widen_descriptors() -> None:
    """Let this process have as many files open as its administrator allows."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = _SHARE * GROUP if hard == resource.RLIM_INFINITY else min(_SHARE * GROUP, hard)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        with suppress(OSError, ValueError):
            resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


def _work_off(
    context: Context, shares: Iterable[Sequence[str]], work: Work, at_once: int
) -> dict[str, Any]:
    states: Counter[str] = Counter()
    handled = _Handled()
    with ThreadPoolExecutor(at_once, "item") as pool:

        def begin(share: Sequence[str]) -> None:
            begun[pool.submit(_worked, work, share, handled)] = share

        begun: dict[Future[Sequence[End]], Sequence[str]] = {}
        try:
            for share in shares:
                begin(share)
            done = 0
            while begun:
                ended, _ = wait(begun, SHOWN_EVERY, FIRST_COMPLETED)
                for future in ended:
                    for item, end in zip(begun.pop(future), future.result(), strict=True):
                        if isinstance(end, Apart):
                            begin([item])
                        else:
                            _tell(context, item, end, states)
                            done += 1
                context.progress(done, handled.bytes)
        except BaseException:
            handled.enough.set()
            pool.shutdown(wait=True, cancel_futures=True)
            raise
    return {"states": dict(sorted(states.items())), "bytes": handled.bytes}


def _worked(work: Work, share: Sequence[str], handled: _Handled) -> Sequence[End]:
    if handled.enough.is_set():
        raise _Enough
    return work(share, handled.tick)


def _tell(context: Context, item: str, outcome: End, states: Counter[str]) -> None:
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
def alone(device: int, inode: int, wait: bool = True) -> Iterator[None]:
    """Only one thread of this process is at a file at a time, by whatever of its names: another
    one's open descriptor would make it busy. Apart when somebody is, and we do not `wait`."""
    key = (device, inode)
    with _changed:
        if key in _moving and not wait:
            raise Apart("Another of its names is being moved.")
        _changed.wait_for(lambda: key not in _moving)
        _moving.add(key)
    try:
        yield
    finally:
        with _changed:
            _moving.discard(key)
            _changed.notify_all()
