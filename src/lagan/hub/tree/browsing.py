"""The tree as somebody walks and searches it: children, hits and places, only what they see, and
what they may do to each, in a number of readings that does not grow with the rows."""

from __future__ import annotations

import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from binascii import Error
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import reduce
from itertools import islice
from operator import or_

from django.db.models import Exists, OuterRef

from lagan.hub.base.actors import Actor
from lagan.hub.base.pages import Page
from lagan.hub.tree import queries, rules
from lagan.hub.tree.models import Entity, Type
from lagan.hub.tree.permissions import ALL, Permission, seeing
from lagan.hub.tree.rules import EVERYTHING, NOTHING, Intervals, Mark, effective, ids_in
from lagan.hub.tree.services.entities import MOST_COUNTED
from lagan.hub.tree.services.sight import absent
from lagan.kit.errors import BadInput

ORDER: tuple[Type, ...] = (
    Type.GROUP, Type.USER, Type.COMPUTER, Type.DATASET, Type.TEMPLATE, Type.TASK, Type.STORE,
    Type.INTERFACE, Type.NOTICE,
)  # fmt: skip
"""How the children of a group follow each other; within a type by name."""


@dataclass(frozen=True, slots=True)
class Node:
    """An entity of a list: `sees` is False for a group that is only on the way to what the asker
    sees; `holds` whether it can be opened."""

    id: int
    type: str
    name: str
    parent: int
    path: str
    created: datetime
    sees: bool
    holds: bool


@dataclass(frozen=True, slots=True)
class Sight:
    """Where an actor sees what: intervals of each type, and all of them together."""

    of: Mapping[str, Intervals]
    all: Intervals

    def has(self, type: str, path: str) -> bool:
        """Whether the entity is seen."""
        return path in self.of[type]

    def passes(self, path: str) -> bool:
        """Whether something that is seen lies at or beneath this path."""
        return bool(rules.within(self.all, path))


def sight(actor: Actor) -> Sight:
    """Where the actor sees what, of every type, in two readings."""
    if actor.is_system:
        return Sight(dict.fromkeys(Type.values, EVERYTHING), EVERYTHING)
    if actor.entity is None:
        return Sight(dict.fromkeys(Type.values, NOTHING), NOTHING)
    wanted = [each for kind in Type.values for each in seeing(kind)]
    marks = queries.marks_of(actor.entity, wanted)
    own = queries.path_of_entity(actor.entity)
    itself = Intervals((rules.beneath(own),)) if own else NOTHING
    computed: dict[tuple[Mark, ...], Intervals] = {}
    found = {
        kind: reduce(or_, (_effective(marks[each], computed) for each in seeing(kind)), itself)
        for kind in Type.values
    }
    return Sight(found, reduce(or_, dict.fromkeys(found.values()), NOTHING))


def _effective(marks: list[Mark], known: dict[tuple[Mark, ...], Intervals]) -> Intervals:
    """As `effective`, once for marks that are alike: whole families are granted together."""
    key = tuple(marks)
    if key not in known:
        known[key] = effective(marks)
    return known[key]


def children(
    actor: Actor,
    parent: int,
    *,
    types: Collection[str] = ORDER,
    after: str | None = None,
    size: int = 200,
    seen: Sight | None = None,
) -> Page[Node]:
    """What lies in an entity, by type (as in ORDER) and name: what the actor sees, and the groups
    on the way to it. NotFound when the actor can know nothing of the parent."""
    seen = seen or sight(actor)
    path = queries.path_of_entity(parent)
    if path is None or not seen.passes(path):
        raise absent(parent)
    kinds = [kind for kind in ORDER if kind in types]
    start, name = _read_cursor(after, kinds)
    found: list[Entity] = []
    for kind in kinds[kinds.index(start) :] if start else kinds:
        rows = Entity.objects.filter(parent=parent, type=kind).exclude(id=parent)
        rows = rows.filter(queries.within(_reached(seen, kind, path)))
        if kind == start:
            rows = rows.filter(name__gt=name)
        found += rows.order_by("name")[: size + 1 - len(found)]
        if len(found) > size:
            break
    last = found[size - 1] if len(found) > size else None
    cursor = _write_cursor(last.type, last.name) if last else None
    return Page(nodes(found[:size], seen), cursor)


def _reached(seen: Sight, kind: str, path: str) -> Intervals:
    """Where the children of this type are that the actor sees or passes, `path` being their
    parent's."""
    if kind != Type.GROUP:
        return rules.within(seen.of[kind], path)
    return rules.ways(seen.all, path)


def nodes(rows: Sequence[Entity], seen: Sight) -> list[Node]:
    """The rows as they are shown to whom `seen` belongs."""
    opened = _holding_tasks(rows, seen)
    return [
        Node(
            row.id, row.type, row.name, row.parent_id, row.path, row.created,
            seen.has(row.type, row.path), row.type == Type.GROUP or row.id in opened,
        )
        for row in rows
    ]  # fmt: skip


def _holding_tasks(rows: Sequence[Entity], seen: Sight) -> set[int]:
    """Which of the users and computers hold a task that is seen."""
    asked = [row.id for row in rows if row.type in rules.holders(Type.TASK) - {Type.GROUP}]
    if not asked or not seen.of[Type.TASK]:
        return set()
    tasks = Entity.objects.filter(parent=OuterRef("pk"), type=Type.TASK)
    tasks = tasks.filter(queries.within(seen.of[Type.TASK]))
    return set(Entity.objects.filter(Exists(tasks), id__in=asked).values_list("id", flat=True))


def node(actor: Actor, entity: int, seen: Sight | None = None) -> Node:
    """One entity that the actor sees or passes, else NotFound."""
    seen = seen or sight(actor)
    row = Entity.objects.filter(id=entity).first() if abs(entity) < 2**63 else None
    if row is None or not (seen.has(row.type, row.path) or _passed(row, seen)):
        raise absent(entity)
    return nodes([row], seen)[0]


def _passed(row: Entity, seen: Sight) -> bool:
    return row.type == Type.GROUP and seen.passes(row.path)


def line(actor: Actor, entity: int, seen: Sight | None = None) -> list[Node]:
    """The entity and its ancestors, from the root. NotFound as `node`."""
    seen = seen or sight(actor)
    found = node(actor, entity, seen)
    ids = ids_in(found.path)
    rows = {row.id: row for row in Entity.objects.filter(id__in=ids)}
    return nodes([rows[each] for each in ids if each in rows], seen)


def counts(actor: Actor, parent: int, seen: Sight | None = None) -> dict[str, int]:
    """How many entities of each type that the actor sees lie directly in it, up to MOST_COUNTED."""
    seen = seen or sight(actor)
    path = queries.path_of_entity(parent) or ""
    found = {}
    for kind in ORDER:
        rows = Entity.objects.filter(parent=parent, type=kind).exclude(id=parent)
        rows = rows.filter(queries.within(_reached(seen, kind, path)))
        found[str(kind)] = rows.order_by()[:MOST_COUNTED].count()
    return {kind: number for kind, number in found.items() if number}


def permissions_of(actor: Actor, paths: Collection[str]) -> dict[str, frozenset[Permission]]:
    """Everything that the actor may do at each of the paths, in one reading for all."""
    if actor.is_system:
        return dict.fromkeys(paths, ALL)
    if actor.entity is None or not paths:
        return dict.fromkeys(paths, frozenset())
    places = {each for path in paths for each in ids_in(path)}
    computed: dict[tuple[Mark, ...], Intervals] = {}
    where: dict[Intervals, set[Permission]] = defaultdict(set)
    for permission, marks in queries.marks_of(actor.entity, None, places).items():
        if permission in ALL:
            where[_effective(marks, computed)].add(Permission(permission))
    return {
        path: frozenset(
            each for intervals, held in where.items() if path in intervals for each in held
        )
        for path in paths
    }


def starts(actor: Actor, permission: Permission, *, size: int = 6) -> list[Node]:
    """The topmost groups in which the actor holds the permission, by path; the system stands above
    them all."""
    # What goes on behind a denial begins at no entity: its group has begun before.
    begun = (low for low, _ in queries.allowed(actor, permission).items if low)
    lows = (low for low in begun if len(low) % rules.WIDTH == 0)
    ids = [ids_in(low)[-1] for low in islice(lows, 10 * size)]
    rows = Entity.objects.filter(id__in=ids, type=Type.GROUP).order_by("path")
    return nodes(list(rows[:size]), sight(actor))


def memberships(actor: Actor, *, size: int = 12) -> list[Node]:
    """The groups that the actor was made a member of, by name."""
    if actor.entity is None:
        return []
    rows = Entity.objects.filter(members__member=actor.entity).order_by("name", "id")
    return nodes(list(rows[:size]), sight(actor))


def resolve(actor: Actor, text: str) -> Node:
    """The entity that people name by its id, by the names down to it (`/NTNU/NV/IFY`, with or
    without the root's own), or, a user, by the name alone. NotFound; BadInput when entities of
    several types have the path."""
    clean = text.strip().replace("\x00", "\ufffd")
    if clean.isascii() and clean.isdigit():
        return node(actor, int(clean))
    if not clean:
        raise BadInput("An entity is named by its id, its path or, a user, by the name.")
    seen = sight(actor)
    named = _named(clean) if clean.startswith("/") else _users(clean)
    rows = [row for row in named if seen.has(row.type, row.path) or _passed(row, seen)]
    if len(rows) > 1:
        kinds = ", ".join(f"{row.type} {row.id}" for row in rows)
        raise BadInput(f"{clean[:200]} names several: {kinds}. Say which by its id.")
    if not rows:
        raise absent_path(clean)
    return nodes(rows, seen)[0]


def _users(name: str) -> list[Entity]:
    return list(Entity.objects.filter(type=Type.USER, name=name)[:2])


def absent_path(text: str) -> Exception:
    """What is said of names that lead nowhere."""
    refusal = absent(0)
    what = "nothing at" if text.startswith("/") else "no user"
    refusal.sentence = f"There is {what} {text[:500]}."
    refusal.facts = {"path": text[:500]}
    return refusal


def _named(text: str) -> list[Entity]:
    """The entities whose names from the root are these; a level is one reading."""
    root = Entity.objects.order_by("path").first()
    names = [each for each in text.split("/") if each]
    if root is None:
        return []
    if names[:1] == [root.name]:
        return _descended(root, names[1:]) or _descended(root, names)
    return _descended(root, names)


def _descended(root: Entity, names: Sequence[str]) -> list[Entity]:
    level = [root]
    for name in names:
        rows = Entity.objects.filter(parent__in=[row.id for row in level], name=name)
        level = list(rows.exclude(id=root.id)[:20])
    return level


def names_of(nodes: Iterable[Node]) -> dict[int, str]:
    """The full path of each, in words, in one more reading for all."""
    rows = list(nodes)
    ids = {each for row in rows for each in ids_in(row.path)}
    names = dict(Entity.objects.filter(id__in=ids).values_list("id", "name"))
    return {
        row.id: "".join(f"/{names[each]}" for each in ids_in(row.path) if each in names)
        for row in rows
    }


def _write_cursor(*parts: str) -> str:
    return urlsafe_b64encode(json.dumps(parts).encode()).decode().rstrip("=")


def _read_cursor(after: str | None, kinds: Sequence[Type]) -> tuple[Type | None, str]:
    """Type and name behind which the page begins. BadInput for what is no cursor of the list."""
    if not after:
        return None, ""
    try:
        kind, name = json.loads(urlsafe_b64decode(after + "=" * (-len(after) % 4)))
        start = next(each for each in kinds if each == kind)
        if not isinstance(name, str) or "\x00" in name:
            raise ValueError
        name.encode()
    except (Error, ValueError, TypeError, StopIteration, RecursionError):
        raise BadInput("This cursor was not made by this list.", cursor=after[:100]) from None
    return start, name


def top(actor: Actor, seen: Sight | None = None) -> Node:
    """The root, as every walk begins there; nobody's sight hides that there is one."""
    row = Entity.objects.order_by("path").first()
    if row is None:
        raise absent(0)
    return nodes([row], seen or sight(actor))[0]
