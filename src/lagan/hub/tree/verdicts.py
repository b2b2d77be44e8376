"""Which grant or denial decides for a role, and by which way a subject holds that role; no
database."""

from __future__ import annotations

from collections import deque
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Literal

from lagan.hub.tree.rules import Mark

Link = Literal["parent", "member"]
"""How one role leads to the next: a child is a member of its parent, a member of its group."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What decides for one role at one object: the paths at or above it where the role was granted
    and denied a permission last; None where it never was."""

    role: int
    grant: str | None
    deny: str | None

    @property
    def holds(self) -> bool:
        """The nearest mark decides, a grant before a denial at the same place."""
        return self.grant is not None and (self.deny is None or len(self.deny) <= len(self.grant))


def verdicts(marks: Iterable[Mark], path: str) -> dict[int, Verdict]:
    """By role, what the marks of one permission say of the object with this path; marks elsewhere
    count for nothing."""
    nearest: dict[int, list[str | None]] = {}
    for mark in marks:
        if path.startswith(mark.path):
            found = nearest.setdefault(mark.role, [None, None])
            before = found[mark.deny]
            if before is None or len(before) < len(mark.path):
                found[mark.deny] = mark.path
    return {role: Verdict(role, *found) for role, found in nearest.items()}


Ways = Mapping[int, tuple[int, Link]]
"""Each role but the first, and the role and link that lead to it by the shortest way."""


def shortest_ways(
    start: int, parents: Mapping[int, int], groups: Mapping[int, Collection[int]]
) -> dict[int, tuple[int, Link]]:
    """The shortest ways from an entity to all its roles, over `parents` and memberships (`groups`
    of each member); of ways as long, that by a membership, then that by the smaller id."""
    came: dict[int, tuple[int, Link]] = {}
    waiting = deque([start])
    while waiting:
        role = waiting.popleft()
        links: list[tuple[int, Link]] = [(each, "member") for each in sorted(groups.get(role, ()))]
        if role in parents:
            links.append((parents[role], "parent"))
        for target, link in links:
            if target != start and target not in came:
                came[target] = (role, link)
                waiting.append(target)
    return came


def way_to(role: int, came: Ways) -> list[tuple[int, Link]]:
    """The links to a role in their order, each with the role it leads to; none for the start."""
    steps: list[tuple[int, Link]] = []
    while role in came:
        before, link = came[role]
        steps.append((role, link))
        role = before
    return steps[::-1]
