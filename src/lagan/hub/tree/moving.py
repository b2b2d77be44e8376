"""What moving an entity would change: who gains and who loses which permissions that it inherits,
and which groups it stops and starts being part of."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

from lagan.hub.base.actors import Actor
from lagan.hub.tree import browsing
from lagan.hub.tree.models import Entity, Grant
from lagan.hub.tree.rules import WIDTH, Mark, effective, ids_in
from lagan.hub.tree.services.sight import require_sight

SHOWN = 50
"""Subjects that are told of; the rest is counted."""


@dataclass(frozen=True, slots=True)
class Change:
    """A role's inherited permissions on what moves: those it loses and those it gains."""

    subject: int
    name: str
    type: str
    lost: tuple[str, ...]
    gained: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Moving:
    """The changes that the asker may know of, the first SHOWN; how many more there are, seen
    or not; the names of the groups that are left and entered."""

    changes: tuple[Change, ...]
    others: int
    leaves: tuple[str, ...]
    enters: tuple[str, ...]


def moving(actor: Actor, entity: int, parent: int) -> Moving:
    """What would change if the entity lay in `parent`. NotFound for what the actor does not see."""
    moved = require_sight(actor=actor, entity=entity)
    group = require_sight(actor=actor, entity=parent)
    before, after = moved.path[:-WIDTH] or moved.path, group.path
    changed = _changed(before, after)
    seen = browsing.sight(actor)
    rows = Entity.objects.filter(id__in=list(changed)).order_by("name", "id")
    known = [row for row in rows if seen.has(row.type, row.path)]
    changes = [Change(row.id, row.name, row.type, *changed[row.id]) for row in known[:SHOWN]]
    old, new = ids_in(before), ids_in(after)
    names = dict(Entity.objects.filter(id__in={*old, *new}).values_list("id", "name"))
    return Moving(
        tuple(changes),
        len(changed) - len(changes),
        tuple(names[each] for each in old if each not in new),
        tuple(names[each] for each in new if each not in old),
    )


def _changed(before: str, after: str) -> dict[int, tuple[tuple[str, ...], tuple[str, ...]]]:
    """Subject to what it loses and what it gains by inheritance, between two parents."""
    old, new = set(ids_in(before)), set(ids_in(after))
    marks: dict[tuple[int, str], list[Mark]] = defaultdict(list)
    rows = Grant.objects.filter(object__in=old | new).values_list(
        "subject", "permission", "object__path", "deny"
    )
    for subject, permission, path, deny in rows.iterator():
        marks[subject, permission].append(Mark(subject, path, deny))
    lost: dict[int, list[str]] = defaultdict(list)
    gained: dict[int, list[str]] = defaultdict(list)
    for (subject, permission), own in marks.items():
        held = effective(own)
        if (before in held) != (after in held):
            (lost if before in held else gained)[subject].append(permission)
    return {
        subject: (_sorted(lost[subject]), _sorted(gained[subject])) for subject in {*lost, *gained}
    }


def _sorted(permissions: Iterable[str]) -> tuple[str, ...]:
    return tuple(sorted(permissions))
