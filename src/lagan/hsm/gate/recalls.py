"""The recalls that a gate has under way: one a file, however many wait for it, small files apart
from huge ones, each ended with one verdict for all who wait."""

from __future__ import annotations

import errno
import logging
import os
import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from threading import Lock

from lagan.hsm import marker as markers
from lagan.hsm.errors import BadMarker
from lagan.hsm.gate.asking import Asker, asker
from lagan.hsm.gate.rules import Usage, Wish, refused
from lagan.hsm.gate.settings import GateSettings
from lagan.hsm.marker import Marker
from lagan.hsm.target import Tick
from lagan.kit.errors import LaganError, Locked, NoSpace

log = logging.getLogger("lagan.recalld")

Refill = Callable[[int, Tick], None]
"""Brings the content of an open file back into it; what it raises is the reason why not."""
Answer = Callable[[int, int], None]
"""Tells the guard of an event's number the verdict, 0 or an errno."""
_FULL = {errno.ENOSPC, errno.EDQUOT}


@dataclass(slots=True)
class Recall:
    """One file on its way."""

    descriptor: int
    path: str
    marker: Marker
    user: int | None
    asked: float = field(default_factory=time.time)
    begun: float | None = None
    moved: int = 0
    askers: dict[int, Asker] = field(default_factory=dict)
    """By the number of the event."""

    def tick(self, count: int) -> None:
        """So many bytes more are here."""
        self.moved += count


@dataclass(frozen=True, slots=True)
class Ended:
    """What became of a recall, to be noted. `error` is None when it went well, `size` in bytes."""

    path: str
    size: int
    seconds: float
    user: int | None
    program: str
    error: str | None
    moved: bool = True
    """Whether it was begun: a rule had nothing against it."""


class Recalls:
    """Begins, joins and ends recalls."""

    def __init__(
        self,
        settings: GateSettings,
        refill: Refill,
        answer: Answer,
        note: Callable[[Ended], None],
        *,
        frozen: Callable[[], bool] = lambda: False,
    ) -> None:
        self.settings = settings
        self._refill, self._answer, self._note, self._frozen = refill, answer, note, frozen
        self._open: dict[tuple[int, int], Recall] = {}
        self._usage = Usage()
        self._lock = Lock()
        self._small = ThreadPoolExecutor(settings.small_threads, "small")
        self._huge = ThreadPoolExecutor(settings.huge_threads, "huge")

    def wanted(self, number: int, descriptor: int, process: int) -> None:
        """Somebody waits, with the event `number`, for an open file; the descriptor is ours."""
        try:
            marker = markers.read(descriptor)
        except (BadMarker, OSError) as error:
            log.warning("%s", error)
            self._end_one(number, descriptor, errno.EIO)
            return
        if marker is None or not marker.away:
            self._end_one(number, descriptor, 0)
            return
        self._begin(number, descriptor, marker, asker(process))

    def gone(self, number: int) -> None:
        """Nobody waits with this event any more."""
        with self._lock:
            for each in self._open.values():
                each.askers.pop(number, None)

    def wants(self, device: int, inode: int) -> bool:
        """Whether a file is on its way."""
        with self._lock:
            return (device, inode) in self._open

    def waiting(self) -> list[Recall]:
        """Those under way, in their order."""
        with self._lock:
            return list(self._open.values())

    def _begin(self, number: int, descriptor: int, marker: Marker, who: Asker) -> None:
        found = os.fstat(descriptor)
        key = (found.st_dev, found.st_ino)
        with self._lock:
            recall = self._open.get(key)
            wish = self._wish(who, marker.size, recall is not None)
            why = refused(wish, self.settings.rules, self._usage, frozen=self._frozen())
            if why is None and recall is not None:
                recall.askers[number] = who
                os.close(descriptor)
                return
            if why is None:
                recall = self._open[key] = Recall(
                    descriptor, _path(descriptor), marker, who.user, askers={number: who}
                )
                self._usage.add(who.user, marker.size)
        if why is not None or recall is None:
            path = _path(descriptor)
            self._end_one(number, descriptor, self.settings.rules.refusal)
            self._note(Ended(path, marker.size, 0.0, who.user, who.shown, why, moved=False))
            return
        pool = self._huge if marker.size >= self.settings.huge else self._small
        pool.submit(self._run, key, recall)

    def _wish(self, who: Asker, size: int, joins: bool) -> Wish:
        by_user = Counter(each.user for each in self._open.values())
        return Wish(who, size, len(self._open), by_user[who.user], joins)

    def _run(self, key: tuple[int, int], recall: Recall) -> None:
        error: str | None = None
        verdict = errno.EIO
        recall.begun = time.time()
        program = next((each.shown for each in recall.askers.values()), "?")
        try:
            if recall.askers:
                self._refill(recall.descriptor, recall.tick)
            verdict = 0
        except (LaganError, OSError) as problem:
            verdict, error = verdict_of(problem), _sentence(problem)
            log.warning("%a stays away: %s", recall.path, error)
        except Exception as problem:
            error = f"{type(problem).__name__}: {problem}"
            log.exception("%a stays away.", recall.path)
        with self._lock:  # who comes from now on finds it ended
            del self._open[key]
            askers = list(recall.askers)
        os.close(recall.descriptor)  # or whoever moves it next would find it open
        for number in askers:
            self._answer(number, verdict)
        seconds = time.time() - recall.asked
        self._note(Ended(recall.path, recall.marker.size, seconds, recall.user, program, error))

    def _end_one(self, number: int, descriptor: int, verdict: int) -> None:
        os.close(descriptor)
        self._answer(number, verdict)


def verdict_of(problem: LaganError | OSError) -> int:
    """The errno that a reader is told."""
    if isinstance(problem, NoSpace) or (isinstance(problem, OSError) and problem.errno in _FULL):
        return errno.ENOSPC
    return errno.EBUSY if isinstance(problem, Locked | BlockingIOError) else errno.EIO


def _sentence(problem: LaganError | OSError) -> str:
    return problem.sentence if isinstance(problem, LaganError) else str(problem.strerror or problem)


def _path(descriptor: int) -> str:
    """Where the file is, as far as we see it; what is no UTF-8 is kept as surrogates."""
    with suppress(OSError):
        return str(Path(f"/proc/self/fd/{descriptor}").readlink())
    return "?"
