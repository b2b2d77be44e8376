"""Group commit: what finishes together shares its flushes, one journal append and one catalogue transaction.

A landing's future has its result only when bytes, name, folder, journal line and catalogue row are on
stable storage, in that order. What fails before the catalogue leaves nothing visible.
"""

from __future__ import annotations

import logging
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from lagan.kit.errors import LaganError, Unavailable
from lagan.store.journal import FileLine, Journal, NoteLine, VoidLine, encode
from lagan.store.volume import Incoming, Volume

GROUP_LANDINGS = 500
"""Landings in one group at most: its flush and transaction stay below about a second on a slow disk."""
GROUP_BYTES = 1 << 30
"""Bytes in one group at most, unless one landing alone is larger."""

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, eq=False)
class Landing:
    """One object that has arrived whole, the name it gets, what the journal says of it.

    `context` is passed to the catalogue as it is. A pack has one line a member.
    """

    incoming: Incoming
    object: str
    lines: Sequence[FileLine | NoteLine]
    context: Any


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the catalogue decided about a landing: its future's result, and which of its lines do not count."""

    result: Any
    void: frozenset[UUID] = frozenset()


Catalogue = Callable[[Sequence[Landing]], Sequence[Verdict]]


@dataclass(frozen=True, slots=True, eq=False)
class _Waiting:
    landing: Landing
    encoded: bytes
    future: Future[Any]


class Writer:
    """Commits landings on one volume, in groups, in a thread of its own.

    `catalogue` gets the landings of a group when they are published and journalled, and returns one
    verdict each after its COMMIT. A LaganError from it means that certainly nothing was committed: the
    objects are taken back (landing by landing, so that one that is refused spares its neighbours). Any
    other exception leaves the objects for the archive's sweep, since the COMMIT may have happened.
    """

    def __init__(self, volume: Volume, journal: Journal, catalogue: Catalogue) -> None:
        self._volume = volume
        self._journal = journal
        self._catalogue = catalogue
        self._queue: deque[_Waiting] = deque()
        self._wake = threading.Condition()
        self._closed = False
        self._thread = threading.Thread(target=self._run, name="writer", daemon=True)
        self._thread.start()

    def commit(self, landing: Landing) -> Future[Any]:
        """A future of the catalogue's result for this landing, or of the error that stopped it.

        From here on the incoming belongs to the writer. When the future has an error, `discard` it (it is
        empty-handed if it was published before); a NoSpace or Unavailable may be tried again with the same incoming
        while `Volume.pending` still names it. BadInput at once if the lines cannot be journalled.
        """
        waiting = _Waiting(landing, encode(landing.lines), Future())
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
                self._settle(running)
            except BaseException as error:
                _log.exception("A group of %d landings was given up.", len(running))
                _fail([each for each in running if not each.future.done()], error)

    def _next_group(self) -> list[_Waiting]:
        with self._wake:
            self._wake.wait_for(lambda: self._queue or self._closed)
            group: list[_Waiting] = []
            size = 0
            while self._queue and len(group) < GROUP_LANDINGS:
                size += self._queue[0].landing.incoming.size
                if group and size > GROUP_BYTES:
                    break
                group.append(self._queue.popleft())
            return group

    def _settle(self, group: Sequence[_Waiting]) -> None:
        published = self._publish(group)
        if published and self._write_journal(published):
            self._write_catalogue(published)

    def _publish(self, group: Sequence[_Waiting]) -> Sequence[_Waiting]:
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

    def _write_journal(self, group: Sequence[_Waiting]) -> bool:
        try:
            self._journal.append_encoded(b"".join([each.encoded for each in group]))
        except Exception as error:
            self._take_back_unjournalled(group)
            _fail(group, error)
            return False
        return True

    def _write_catalogue(self, group: Sequence[_Waiting]) -> None:
        try:
            verdicts = self._catalogue([each.landing for each in group])
        except LaganError as error:
            if len(group) > 1:
                for each in group:
                    self._write_catalogue([each])
                return
            for each in group:
                self._void(each.landing, _ids(each.landing))
            _fail(group, error)
        except Exception as error:
            _fail(group, error)
        else:
            self._answer(group, verdicts)

    def _answer(self, group: Sequence[_Waiting], verdicts: Sequence[Verdict]) -> None:
        for each, verdict in zip(group, verdicts, strict=True):
            if verdict.void:
                self._void(each.landing, verdict.void)
            each.future.set_result(verdict.result)

    def _take_back_unjournalled(self, group: Sequence[_Waiting]) -> None:
        """Remove the objects; void the lines too, since an append over a network may have happened."""
        for each in group:
            self._delete(each.landing.object)
        now = time.time()
        ids = sorted(frozenset().union(*(_ids(each.landing) for each in group)))
        try:
            self._journal.append([VoidLine(each, now) for each in ids])
        except Exception as error:
            _log.warning("%d lines were neither journalled nor voided: %s", len(ids), error)

    def _void(self, landing: Landing, ids: frozenset[UUID]) -> None:
        """Say that the lines do not count, then remove an object that nothing counts on."""
        now = time.time()
        try:
            self._journal.append([VoidLine(each, now) for each in sorted(ids)])
        except Exception:
            _log.exception(
                "%s: %d lines wait for the sweep to void them.", landing.object, len(ids)
            )
            return
        if _ids(landing) <= ids:
            self._delete(landing.object)

    def _delete(self, name: str) -> None:
        try:
            self._volume.delete(name)
        except Exception:
            _log.exception("%s waits for the sweep to remove it.", name)


def _ids(landing: Landing) -> frozenset[UUID]:
    return frozenset(line.id for line in landing.lines if isinstance(line, FileLine))


def _fail(group: Sequence[_Waiting], error: BaseException) -> None:
    for each in group:
        each.future.set_exception(error)
