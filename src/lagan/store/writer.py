"""Group commit: what finishes together shares its flushes, one journal append and one catalogue
transaction.

A landing's future has its result only when bytes, name, folder, journal line and catalogue row are
on stable storage, in that order. What fails before the catalogue leaves nothing visible.
"""

from __future__ import annotations

import logging
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from lagan.kit.errors import LaganError, Unavailable
from lagan.store.journal import FileLine, Journal, NoteLine, VoidLine
from lagan.store.volume import Incoming, Volume

GROUP_LANDINGS = 500
"""Landings in one group at most: its flush and transaction stay below about a second on a slow
disk."""
GROUP_BYTES = 1 << 30
"""Bytes in one group at most, unless one landing alone is larger."""

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, eq=False)
class Landing:
    """One object that has arrived whole and the name it gets; `context` is passed to the catalogue
    as it is."""

    incoming: Incoming
    object: str
    context: Any


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the catalogue decided about a landing: its future's result, and what the journal will
    say of it.

    A landing without a FileLine among its lines counts for nothing: its object is removed again.
    """

    result: Any
    lines: Sequence[FileLine | NoteLine] = ()


Catalogue = Callable[[Sequence[Landing]], AbstractContextManager[Sequence[Verdict]]]


@dataclass(frozen=True, slots=True, eq=False)
class Waiting:
    """A landing and the future of whoever waits for it."""

    landing: Landing
    future: Future[Any]


class GroupCommit:
    """Takes one group at a time through publish, journal and catalogue, in the caller's thread."""

    def __init__(self, volume: Volume, journal: Journal, catalogue: Catalogue) -> None:
        self._volume = volume
        self._journal = journal
        self._catalogue = catalogue

    def settle(self, group: Sequence[Waiting]) -> None:
        """Take the group through; every future has its answer when this returns or raises."""
        if published := self._publish(group):
            self._catalogue_and_journal(published)

    def _publish(self, group: Sequence[Waiting]) -> Sequence[Waiting]:
        if not group:
            return ()
        try:
            self._volume.publish([(each.landing.incoming, each.landing.object) for each in group])
        except Exception as error:
            if len(group) == 1:
                _fail(group, error)
                return ()
            return [each for one in group for each in self._publish([one])]
        return group

    def _catalogue_and_journal(self, group: Sequence[Waiting]) -> None:
        tried: list[FileLine | NoteLine] = []
        committing = False
        try:
            with self._catalogue([each.landing for each in group]) as verdicts:
                tried = [line for verdict in verdicts for line in verdict.lines]
                self._journal.append(tried)
                committing = True
        except Exception as error:
            if committing and not isinstance(error, LaganError):
                _fail(group, error)
            else:
                self._take_back(group, tried, error)
        else:
            self._answer(group, verdicts)

    def _take_back(
        self, group: Sequence[Waiting], tried: Sequence[object], error: Exception
    ) -> None:
        """Nothing was committed. Void the lines, since an append over a network may have
        happened."""
        self._void(_ids(tried))
        if len(group) > 1 and isinstance(error, LaganError):
            for each in group:
                self._catalogue_and_journal([each])
            return
        for each in group:
            self._delete(each.landing.object)
        _fail(group, error)

    def _answer(self, group: Sequence[Waiting], verdicts: Sequence[Verdict]) -> None:
        for each, verdict in zip(group, verdicts, strict=True):
            if not _ids(verdict.lines):
                self._delete(each.landing.object)
            each.future.set_result(verdict.result)

    def _void(self, ids: frozenset[UUID]) -> None:
        now = time.time()
        try:
            self._journal.append([VoidLine(each, now) for each in sorted(ids)])
        except Exception:
            _log.exception("%d lines wait for the sweep to void them.", len(ids))

    def _delete(self, name: str) -> None:
        try:
            self._volume.delete(name)
        except Exception:
            _log.exception("%s waits for the sweep to remove it.", name)


class Writer:
    """Commits landings on one volume, in groups, in a thread of its own.

    `catalogue` gets the landings of a group when they are published. It opens its transaction,
    decides (versions are final only under its locks), yields one verdict each, and commits at the
    end of the block: the journal is written in between. What fails before the COMMIT is certain not
    to have happened, so the objects are taken back; after a LaganError landing by landing, so that
    one that is refused spares its neighbours. When the COMMIT itself fails its outcome is unknown:
    the objects stay for the archive's sweep. Each call of `catalogue` gives its lines fresh ids:
    those of a call that failed are voided.
    """

    def __init__(self, volume: Volume, journal: Journal, catalogue: Catalogue) -> None:
        self._group_commit = GroupCommit(volume, journal, catalogue)
        self._queue: deque[Waiting] = deque()
        self._wake = threading.Condition()
        self._closed = False
        self._thread = threading.Thread(target=self._run, name="writer", daemon=True)
        self._thread.start()

    def commit(self, landing: Landing) -> Future[Any]:
        """A future of the catalogue's result for this landing, or of the error that stopped it.

        From here on the incoming belongs to the writer. When the future has an error, `discard` it
        (it is empty-handed if it was published before); a NoSpace or Unavailable may be tried again
        with the same incoming while `Volume.pending` still names it.
        """
        waiting = Waiting(landing, Future())
        with self._wake:
            if self._closed:
                raise Unavailable("The writer is closed.")
            self._queue.append(waiting)
            self._wake.notify()
        return waiting.future

    def close(self) -> None:
        """Finish what waits and stop. May be called more than once."""
        with self._wake:
            self._closed = True
            self._wake.notify()
        self._thread.join()

    def _run(self) -> None:
        while group := self._next_group():
            running = [each for each in group if each.future.set_running_or_notify_cancel()]
            try:
                self._group_commit.settle(running)
            except BaseException as error:
                _log.exception("A group of %d landings was given up.", len(running))
                _fail([each for each in running if not each.future.done()], error)

    def _next_group(self) -> list[Waiting]:
        with self._wake:
            self._wake.wait_for(lambda: self._queue or self._closed)
            group: list[Waiting] = []
            size = 0
            while self._queue and len(group) < GROUP_LANDINGS:
                size += self._queue[0].landing.incoming.size
                if group and size > GROUP_BYTES:
                    break
                group.append(self._queue.popleft())
            return group


def _ids(lines: Sequence[object]) -> frozenset[UUID]:
    return frozenset(line.id for line in lines if isinstance(line, FileLine))


def _fail(group: Sequence[Waiting], error: BaseException) -> None:
    for each in group:
        each.future.set_exception(error)
