"""The one permission rule, as arithmetic on paths; no database.

For one role, going down the tree: effective(object) = (effective(parent) minus denies here) plus
grants here. So the nearest place at or above an object where the role has a grant or a denial
decides, a grant before a denial. A subject has the union over its roles. Source:
seeds/dataset-archive.txt, permissions.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import groupby

from lagan.kit.errors import BadInput

WIDTH = 10
"""Hexadecimal digits of one id in a path: a million million entities."""
DEEPEST = 200
"""Levels of the tree: a path then still fits an index entry of PostgreSQL (2,704 bytes)."""
_AFTER = "~"
"""Sorts after every digit, so that a path followed by it lies behind everything beneath that
path."""

Interval = tuple[str, str]
"""From, and up to but without, in code point order of paths."""


@dataclass(frozen=True, slots=True)
class Mark:
    """One role is granted or denied something at the object with this path."""

    role: int
    path: str
    deny: bool


@dataclass(frozen=True, slots=True)
class Intervals:
    """A set of paths as rising, disjoint intervals."""

    items: tuple[Interval, ...] = ()

    def __contains__(self, path: str) -> bool:
        place = bisect_right(self.items, path, key=lambda each: each[0]) - 1
        return place >= 0 and path < self.items[place][1]

    def __or__(self, other: Intervals) -> Intervals:
        return union((*self.items, *other.items))

    def __bool__(self) -> bool:
        return bool(self.items)


EVERYTHING = Intervals((("", _AFTER),))
NOTHING = Intervals()


_HOLDERS: dict[str, frozenset[str]] = {"TASK": frozenset({"GROUP", "USER", "COMPUTER"})}
_GROUPS = frozenset({"GROUP"})


def holders(type: str) -> frozenset[str]:
    """The types that an entity of this type may lie in: groups, and for a TASK also users and
    computers. Source: seeds/dataset-archive.txt, how to create an entity, how to edit tasks."""
    return _HOLDERS.get(type, _GROUPS)


RENAMABLE = frozenset({"GROUP", "COMPUTER", "DATASET", "TASK", "TEMPLATE"})
"""Types whose names people change; a user's name is that of its account. Source:
seeds/dataset-archive.txt, how to rename an entity."""


def folded(name: str) -> str:
    """A name as a search that does not mind the case compares it."""
    return name.lower()


def path_of(entity: int, parent: str = "") -> str:
    """The path of an entity beneath the path of its parent. BadInput when the tree would get too
    deep."""
    if len(parent) >= DEEPEST * WIDTH:
        raise BadInput(f"The tree is at most {DEEPEST} levels deep.", deepest=DEEPEST)
    return f"{parent}{entity:0{WIDTH}x}"


def ids_in(path: str) -> list[int]:
    """The ids of the ancestors, from the root, and last the entity itself."""
    return [int(path[place : place + WIDTH], 16) for place in range(0, len(path), WIDTH)]


def beneath(path: str) -> Interval:
    """The entity itself and everything beneath it."""
    return path, path + _AFTER


def effective(marks: Iterable[Mark]) -> Intervals:
    """Where the marks (all of one permission and one subject's roles) amount to a permission."""
    ordered = sorted(marks, key=lambda mark: (mark.role, mark.path, mark.deny))
    return union(
        interval
        for _, own in groupby(ordered, lambda mark: mark.role)
        for interval in _of_role(own)
    )


def _of_role(marks: Iterable[Mark]) -> list[Interval]:
    """The intervals of one role; its marks come by path, grants before denials at the same
    place."""
    result: list[Interval] = []
    open_marks: list[
        tuple[str, bool]
    ] = []  # the marks around here, outermost first: end, whether it grants
    here = ""
    before = None
    for mark in [*marks, None]:
        if mark and mark.path == before:
            continue  # a denial at a place that also grants
        low = mark.path if mark else _AFTER
        while open_marks and open_marks[-1][0] <= low:
            end, granted = open_marks.pop()
            if granted and here < end:
                result.append((here, end))
            here = max(here, end)
        if open_marks and open_marks[-1][1] and here < low:
            result.append((here, low))
        here = max(here, low)
        if mark:
            before = mark.path
            open_marks.append((beneath(mark.path)[1], not mark.deny))
    return result


def within(intervals: Intervals, path: str) -> Intervals:
    """What of the set lies at `path` and beneath it."""
    low, high = beneath(path)
    first = max(bisect_right(intervals.items, low, key=lambda each: each[0]) - 1, 0)
    found = []
    for start, end in intervals.items[first:]:
        if start >= high:
            break
        if end > low:
            found.append((max(start, low), min(end, high)))
    return Intervals(tuple(found))


def ways(intervals: Intervals, path: str) -> Intervals:
    """The children of the entity at `path` that hold something of the set, whole: those on the
    way to it."""
    inside, found, here = within(intervals, path).items, [], 0
    while here < len(inside):
        start = inside[here][0]
        if len(start) < len(path) + WIDTH or start.endswith(_AFTER):
            here += 1
            continue
        child = beneath(start[: len(path) + WIDTH])
        found.append(child)
        here = max(here + 1, bisect_right(inside, child[1], key=lambda each: each[0]))
    return union((*inside, *found))


def union(intervals: Iterable[Interval]) -> Intervals:
    """The same set, rising and disjoint; neighbours are joined."""
    result: list[Interval] = []
    for low, high in sorted(intervals):
        if result and low <= result[-1][1]:
            if high > result[-1][1]:
                result[-1] = (result[-1][0], high)
        else:
            result.append((low, high))
    return Intervals(tuple(result))
