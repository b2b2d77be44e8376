"""Which of the files that a walk comes by a policy moves: judged one by one, the best of each
filesystem kept, the others counted by why they stay."""

from __future__ import annotations

import grp
import heapq
import os
import pwd
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from lagan.hsm.policy import judging, pins
from lagan.hsm.policy.definition import PREMIGRATE, Policy
from lagan.hsm.policy.fullness import Fullness
from lagan.hsm.policy.judging import room_freed, rules
from lagan.hsm.policy.pins import Pin
from lagan.hsm.policy.report import LeftOut, report
from lagan.hsm.policy.selection import Candidate, Selection, limited, score
from lagan.hsm.states import state_of
from lagan.worker.site import fullness

DEPTH = 2
"""Folders beneath where the walk began, by which a report tells."""


@dataclass(frozen=True, slots=True)
class Disk:
    """A filesystem that the walk came to: `path` is where. It has no `selection` while it is not
    full enough."""

    number: int
    path: str
    fullness: Fullness
    selection: Selection | None


class Choosing:
    """One look at the site for a policy, at one moment."""

    def __init__(self, policy: Policy, now: float | None = None) -> None:
        self.policy = policy
        self.left_out = LeftOut()
        self._rules = rules(
            policy,
            time.time() if now is None else now,
            _numbers(policy.owners, _number_of_user),
            _numbers(policy.groups, _number_of_group),
        )
        self._disks: dict[int, Disk] = {}

    def enters(self, folder: str) -> bool:
        """Whether the policy speaks of anything in a folder."""
        return self._rules.enters(folder)

    def disk(self, opened: int, folder: str) -> Disk:
        """The filesystem of an open folder."""
        number = os.fstat(opened).st_dev
        if number not in self._disks:
            found = fullness.of(opened)
            self._disks[number] = Disk(number, folder, found, self._selection(found))
        return self._disks[number]

    def offer(
        self, disk: Disk, path: str, at: str, facts: os.stat_result, above: Pin | None, start: str
    ) -> None:
        """Judge a file that opens as `at`; `above` is the pin of its folder, `start` where the walk
        began. OSError as the system says."""
        why = self._why_not(disk, path, at, facts, above)
        if why is not None:
            self.left_out.add(why, facts.st_size)
        elif disk.selection is not None:
            disk.selection.offer(self._candidate(disk, path, facts, start))

    def ended(self) -> tuple[list[Candidate], dict[str, Any]]:
        """What was chosen, the best first, and the report."""
        some = [disk.selection for disk in self._disks.values() if disk.selection]
        merged = heapq.merge(*(each.chosen() for each in some), reverse=True)
        chosen = limited(merged, self.policy.most_files, self.policy.most_bytes)
        left = sum(each.offered for each in some) - len(chosen)
        if left:
            rest = [sum(each.offered_size for each in some) - sum(each.size for each in chosen)]
            rest += [sum(each.offered_frees for each in some) - sum(e.frees for e in chosen)]
            self.left_out.add(judging.NOT_NEEDED, rest[0], left, rest[1])
        disks = [self._told(each, chosen) for each in self._disks.values()]
        more = left > 0 and _is_short(some, chosen)
        return chosen, report(chosen, self.left_out, disks, name_of_user, more)

    def _selection(self, found: Fullness) -> Selection | None:
        high, low = self.policy.high, self.policy.low
        if high is None or low is None:
            return Selection(None, self.policy.most_files)
        if found.percent <= high:
            return None
        return Selection(found.above(low), self.policy.most_files)

    def _why_not(
        self, disk: Disk, path: str, at: str, facts: os.stat_result, above: Pin | None
    ) -> str | None:
        why = self._rules.why_not(path, facts, disk.fullness.keeps_read_times)
        if why is not None:
            return why
        if disk.selection is None:
            return judging.NOT_FULL
        if (why := self._rules.why_not_in(state_of(at, facts))) is not None:
            return why
        if self.policy.action == PREMIGRATE:
            return None
        pin = pins.later(above, pins.read(at))
        if pin is not None and pin.holds(self._rules.now):
            return judging.PINNED
        return None if room_freed(facts, self.policy) else judging.NOTHING_TO_FREE

    def _candidate(self, disk: Disk, path: str, facts: os.stat_result, start: str) -> Candidate:
        frees = room_freed(facts, self.policy)
        unread = self._rules.unread(facts, disk.fullness.keeps_read_times)
        weight = score(self.policy.order, unread, frees or facts.st_size)
        folder = folder_of(path, start)
        return Candidate(
            weight, path, facts.st_size, frees, unread, facts.st_uid, folder, disk.number
        )

    def _told(self, disk: Disk, chosen: Sequence[Candidate]) -> dict[str, Any]:
        found, frees = disk.fullness, sum(e.frees for e in chosen if e.disk == disk.number)
        after = Fullness(max(0, found.used - frees), found.free + frees)
        told = {**fullness.told(disk.path, found), "percent_after": round(after.percent, 1)}
        return {**told, "frees": frees, "full": disk.selection is not None}


def folder_of(path: str, start: str) -> str:
    """The folder at most `DEPTH` beneath `start` that the file `path` is in."""
    top = start.rstrip("/")
    parts = path[len(top) + 1 :].split("/")[:-1]
    return "/".join([top, *parts[:DEPTH]]) or "/"


def _is_short(some: Sequence[Selection], chosen: Sequence[Candidate]) -> bool:
    """Whether a run's limits kept back what is wanted."""
    if any(each.need is None for each in some):
        return True
    wanted = sum(min(each.need or 0, each.offered_frees) for each in some)
    return sum(each.frees for each in chosen) < wanted


def _numbers(names: Sequence[str], look_up: Callable[[str], int | None]) -> frozenset[int] | None:
    """Accounts' numbers; None when none are named. A name that the site does not know is
    nobody's."""
    if not names:
        return None
    found = (int(each) if each.isdigit() else look_up(each) for each in names)
    return frozenset(each for each in found if each is not None)


def _number_of_user(name: str) -> int | None:
    try:
        return pwd.getpwnam(name).pw_uid
    except KeyError:
        return None


def _number_of_group(name: str) -> int | None:
    try:
        return grp.getgrnam(name).gr_gid
    except KeyError:
        return None


@lru_cache(maxsize=1000)
def name_of_user(number: int) -> str:
    """The account's name; its number where it has none."""
    try:
        return pwd.getpwuid(number).pw_name
    except KeyError:
        return str(number)
