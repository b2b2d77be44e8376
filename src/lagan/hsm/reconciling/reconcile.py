"""Compare what the files of a site's folder need with what a target holds, both ways, and end what
nobody needs: slowly, and never what somebody may need still.

An object goes when its tombstone is older than the grace time, no folder that shares the target
needs it, and each of them has been looked through as a whole since: begun a day after the tombstone
was put up, so that whatever was on its way then has arrived. Killed at any point, the next run goes
on; no step makes an object look less needed than it is.
"""

from __future__ import annotations

import fcntl
import os
from collections import Counter
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import ParamSpec, TypeVar

from lagan.hsm import telling, tombstones
from lagan.hsm.errors import BadMarker, Busy, MissingAtTarget
from lagan.hsm.naming import RECORDS
from lagan.hsm.reconciling import needs
from lagan.hsm.reconciling.ledger import Ledger, scratch
from lagan.hsm.reconciling.looking import Found, look, marker_at
from lagan.hsm.reconciling.needs import Root
from lagan.hsm.record import Record
from lagan.hsm.roots import name_of
from lagan.hsm.target import Tick, quiet
from lagan.hsm.tombstones import DROPPED, GONE, ORPHAN, Tombstone
from lagan.store.volume import Volume

DAY = 24 * 3600.0
GRACE = 30 * DAY
"""Seconds for which an object stays that no file is known to need."""

T = TypeVar("T")
P = ParamSpec("P")

Say = Callable[[str, str], object]
"""Told a category and what it is about: a path at the site, or an object's name."""


def unheard(category: str, about: str) -> None:
    """A `Say` that tells nobody."""


@dataclass(slots=True)
class Report:
    """How many of each category; whether the folder could be looked through as a whole; folders
    that have yet to be, by name; bytes that were given back."""

    counts: Counter[str] = field(default_factory=Counter)
    whole: bool = True
    waits_for: list[str] = field(default_factory=list)
    freed: int = 0


def reconcile(
    volume: Volume,
    root: Path,
    names: Collection[str],
    *,
    strangers: Collection[str] = (),
    grace: float = GRACE,
    orphans: bool = False,
    dry_run: bool = False,
    say: Say = unheard,
    tick: Tick = quiet,
) -> Report:
    """Reconcile one folder of a site with one target, which its files call by one of `names`; what
    they say of `strangers`, the site's other targets, does not count.

    With `dry_run` nothing is changed. `orphans`: objects of which nothing speaks are given a
    tombstone too; they may be of somebody else. Busy while this folder is being reconciled
    already; OSError when it cannot be opened.
    """
    with _alone(root), scratch() as ledger:
        return _Run(
            volume, root, frozenset(names), frozenset(strangers), grace, dry_run, say, tick, ledger
        ).run(orphans)


@contextmanager
def _alone(root: Path) -> Iterator[None]:
    descriptor = os.open(root, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise Busy("This folder is being reconciled already.") from None
        yield
    finally:
        os.close(descriptor)


class _Run:
    def __init__(
        self,
        volume: Volume,
        root: Path,
        names: frozenset[str],
        strangers: frozenset[str],
        grace: float,
        dry_run: bool,
        say: Say,
        tick: Tick,
        ledger: Ledger,
    ) -> None:
        self._volume, self._root, self._names = volume, root, names
        self._strangers, self._grace, self._dry_run = strangers, grace, dry_run
        self._say, self._tick, self._ledger = say, tick, ledger
        self._report = Report()
        self._me = name_of(root)
        self._others: dict[str, Root] = {}

    def run(self, orphans: bool) -> Report:
        began = tombstones.clock()
        if not self._dry_run:
            needs.register(self._volume, self._root)
        self._gather()
        for path, _, missing in self._ledger.bad_uses():
            self._tell("missing" if missing else "damaged", path)
        for path in self._ledger.clones():
            self._tell("clone", path)
        self._judge_records()
        self._end_dropped()
        self._end_unknown(orphans)
        self._withdraw()
        self._tell_needs()
        if self._report.whole and not self._dry_run:
            needs.looked_through(self._volume, self._me, os.fspath(self._root), began)
        self._remove(began)
        return self._report

    def _gather(self) -> None:
        """All that is compared. What others need is asked for after what is here was seen: what
        was moved from here to there meanwhile is seen twice rather than never."""
        ledger, volume = self._ledger, self._volume
        ledger.add_uses(self._files())
        ledger.add_objects((each.name, each.size) for each in self._ticked(volume.list()))
        ledger.add_records(self._records())
        self._others = {each.name: each for each in needs.roots(volume)}
        self._others.pop(self._me, None)
        for each in self._others.values():
            for share in needs.SHARES if not each.gone else ():
                ledger.add_needed(needs.told(volume, each.name, share))
        ledger.settle()

    def _files(self) -> Iterator[Found]:
        for found in self._ticked(look(self._root, self._unreadable)):
            if found.marker is None:
                self._tell("bad-marker", found.path)
                self._report.whole = False  # nobody knows what it needs
            elif found.marker.target in self._names:
                self._report.counts["files"] += 1
                yield found
            elif found.marker.target not in self._strangers:
                self._tell("unknown-target", found.path)
                yield replace(found, marker=replace(found.marker, state="premigrated"))

    def _records(self) -> Iterator[tuple[str, Record]]:
        for each in self._ticked(self._volume.list(RECORDS)):
            record = telling.readable(self._volume, each.name)
            if record is None:
                self._tell("bad-record", each.name)
            else:
                yield each.name, record

    def _unreadable(self, folder: str) -> None:
        self._tell("unreadable", folder)
        self._report.whole = False

    def _judge_records(self) -> None:
        gone = {each.name for each in self._others.values() if each.gone}
        for root in (self._me, *gone):
            for note, path, name in self._ledger.records_of(root):
                if root != self._me or not self._ledger.uses_at(path, name):
                    self._judge(note, path, name, mine=root == self._me)

    def _judge(self, note: str, path: str, name: str, mine: bool) -> None:
        """A record whose file is not, or not as it says, where it says."""
        record = telling.readable(self._volume, note)
        if record is None or record.object != name or (mine and self._is_at(path, name)):
            return  # it is another one now
        if not self._ledger.has(name):
            self._tell("stale-record", path)
            self._do(telling.forget, self._volume, record)
        elif mine and self._ledger.is_used(name):
            self._tell("renamed", path)
            self._do(self._follow, record)
        elif not self._ledger.is_needed(name) and tombstones.find(self._volume, name) is None:
            self._tell("gone", path)
            self._do(telling.end, self._volume, record, GONE)

    def _is_at(self, path: str, name: str) -> bool:
        """Whether the file has come there meanwhile, or that cannot be known."""
        try:
            marker = marker_at(self._root, path)
        except (BadMarker, OSError):
            return True
        return marker is not None and marker.object == name

    def _follow(self, record: Record) -> None:
        """Have a record speak of where the file is now, unless another one speaks of that path."""
        path = self._ledger.user_of(record.object)
        if path is None:
            return
        if telling.told_by(self._volume, path, self._me) is None:
            origin = f"{record.origin[: -len(record.path)]}{path}"
            telling.tell(self._volume, replace(record, path=path, origin=origin))
        telling.forget(self._volume, record)

    def _end_dropped(self) -> None:
        """What files here needed when they were looked through last, and need no more."""
        for share in needs.SHARES if self._report.whole else ():
            before = needs.told(self._volume, self._me, share)
            for digest in before.difference(self._ledger.used(share)) if before else ():
                known = self._ledger.object_called(digest)
                if known is not None and not self._ledger.is_needed(known[0]):
                    self._bury(known[0], known[1], DROPPED, "dropped")

    def _end_unknown(self, orphans: bool) -> None:
        for name, size in self._ledger.unknown():
            if tombstones.find(self._volume, name) is None:
                self._tell("orphan", name)
                if orphans:
                    self._bury(name, size, ORPHAN, "")

    def _bury(self, name: str, size: int, why: str, category: str) -> None:
        if tombstones.find(self._volume, name) is not None:
            return
        if category:
            self._tell(category, name)
        stone = Tombstone(name, tombstones.clock(), why, self._me, "", size)
        self._do(tombstones.bury, self._volume, stone)

    def _withdraw(self) -> None:
        """Take away the tombstones of what somebody needs."""
        for stone in self._ticked(tombstones.every(self._volume)):
            if self._ledger.is_used(stone.object) or self._ledger.is_needed(stone.object):
                self._tell("needed", stone.object)
                self._do(tombstones.withdraw, self._volume, stone.object)

    def _tell_needs(self) -> None:
        for share in needs.SHARES:
            used = self._ledger.used(share)
            before = needs.told(self._volume, self._me, share)
            if not self._report.whole:
                used = [*before.union(used)]  # what could not be seen may be needed still
            if before != set(used):
                self._do(needs.tell, self._volume, self._me, share, used)

    def _remove(self, began: float) -> None:
        """Remove what may go. Only the folder whose tombstone it is does so, so that no two do."""
        known = {name: each for name, each in self._others.items() if not each.gone}
        spoken = self._ledger.speakers() - {e for e, one in self._others.items() if one.gone}
        known |= {name: Root(name) for name in spoken if name not in known}
        known[self._me] = Root(self._me, began=began if self._report.whole else 0.0)
        margin = min(DAY, self._grace)
        waits: set[str] = set()
        for stone in self._ticked(tombstones.every(self._volume)):
            if self._ledger.is_used(stone.object) or self._ledger.is_needed(stone.object):
                continue  # of a dry run: it would not be there any more
            if stone.when + self._grace > began:
                self._tell("waiting", stone.object)
                continue
            late = [each for each, one in known.items() if one.began <= stone.when + margin]
            if late:
                waits.update(late)
                self._tell("waiting-for-sites", stone.object)
            elif (stone.root if stone.root in known else min(known)) == self._me:
                self._remove_one(stone, began)
            else:
                self._tell("left-to-others", stone.object)
        self._report.waits_for = sorted(waits)

    def _remove_one(self, stone: Tombstone, began: float) -> None:
        def still(now: Tombstone) -> bool:
            return now.when + self._grace <= began

        if self._dry_run:
            self._tell("removable", stone.object)
        elif tombstones.remove(self._volume, stone, still):
            self._tell("removed", stone.object)
            if stone.record is not None:
                telling.forget(self._volume, stone.record)
        else:
            return
        self._report.freed += stone.size

    def _do(self, act: Callable[P, object], *args: P.args, **more: P.kwargs) -> None:
        if not self._dry_run:
            # Somebody has begun to use it just now, or it went: the next run sees which.
            with suppress(Busy, MissingAtTarget):
                act(*args, **more)

    def _tell(self, category: str, about: str) -> None:
        self._report.counts[category] += 1
        self._say(category, about)

    def _ticked(self, things: Iterator[T]) -> Iterator[T]:
        for each in things:
            self._tick(0)
            yield each
