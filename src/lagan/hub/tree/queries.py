"""Reading the tree: who may, which ones may they, what can they see, where is it."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Any

from django.db import connection
from django.db.models import Q
from django.db.models.expressions import RawSQL
from django.db.models.functions import Length

from lagan.hub.base.actors import Actor
from lagan.hub.base.pages import Page, page_by_key
from lagan.hub.tree.models import Entity, Metadata
from lagan.hub.tree.permissions import ALL, Permission, seeing
from lagan.hub.tree.rules import EVERYTHING, NOTHING, Intervals, Mark, beneath, effective, ids_in
from lagan.hub.tree.templates.aggregate import EffectiveTemplate as EffectiveTemplate
from lagan.hub.tree.templates.effective import effective_template as effective_template
from lagan.hub.tree.templates.effective import policy as policy
from lagan.hub.tree.templates.fields import Field as Field

_ROLES = """
WITH RECURSIVE roles(id) AS (
  SELECT CAST(%s AS bigint)
  UNION
  SELECT CASE way.up WHEN 1 THEN e.parent_id ELSE m.group_id END
    FROM roles r
    JOIN tree_entity e ON e.id = r.id
    CROSS JOIN (SELECT 1 AS up UNION ALL SELECT 0) AS way
    LEFT JOIN tree_membership m ON m.member_id = r.id AND way.up = 0
   WHERE way.up = 1 OR m.group_id IS NOT NULL
)
"""
"""The closure over parents and memberships: UNION drops what is already there, so cycles end."""

_MARKS = """
SELECT g.subject_id, o.path, g.deny{column}
  FROM roles JOIN tree_grant g ON g.subject_id = roles.id JOIN tree_entity o ON o.id = g.object_id
"""

MANY = 50
"""Intervals from which a list joins them as a table: an OR of each would outgrow what SQLite parses
(1,000 levels)."""


def roles(entity_id: int) -> frozenset[int]:
    """The ids of all roles of an entity: itself, its ancestors, its groups, and theirs in turn."""
    with connection.cursor() as cursor:
        cursor.execute(f"{_ROLES} SELECT id FROM roles", [entity_id])  # noqa: S608
        return frozenset(row[0] for row in cursor.fetchall())


def may(actor: Actor, permission: Permission | str, entity_id: int) -> bool:
    """Whether the actor holds the permission on the entity. False for an entity that is not
    there."""
    if actor.entity is None and not actor.is_system:
        return False
    path = path_of_entity(entity_id)
    return path is not None and holds(actor, permission, path)


def holds(actor: Actor, permission: Permission | str, path: str) -> bool:
    """As `may`, of the entity with this path; its existence is not asked for."""
    if actor.is_system:
        return True
    if actor.entity is None:
        return False
    return path in effective(_marks(actor.entity, permission, ids_in(path)))


def allowed(actor: Actor, permission: Permission | str) -> Intervals:
    """All paths at which the actor holds the permission."""
    if actor.is_system:
        return EVERYTHING
    return NOTHING if actor.entity is None else effective(_marks(actor.entity, permission))


def permissions_on(actor: Actor, entity_id: int) -> frozenset[Permission]:
    """Everything that the actor may do to the entity, in one reading."""
    path = path_of_entity(entity_id)
    if path is None or (actor.entity is None and not actor.is_system):
        return frozenset()
    return ALL if actor.entity is None else subject_permissions(actor.entity, path)


def subject_permissions(subject: int, path: str) -> frozenset[Permission]:
    """Everything that the entity `subject` is effectively granted on the object with this path."""
    by_permission: dict[str, list[Mark]] = defaultdict(list)
    objects = ids_in(path)
    sql = (
        _ROLES
        + _MARKS.format(column=", g.permission")
        + f" WHERE g.object_id IN ({_places(objects)})"
    )
    with connection.cursor() as cursor:
        cursor.execute(sql, [subject, *objects])
        for role, place, deny, permission in cursor.fetchall():
            by_permission[permission].append(Mark(role, place, bool(deny)))
    known = {each: by_permission[each] for each in ALL if each in by_permission}
    return frozenset(each for each, marks in known.items() if path in effective(marks))


def _marks(subject: int, permission: str, objects: Collection[int] | None = None) -> Iterable[Mark]:
    """The marks of the subject's roles for a permission, on `objects` or anywhere."""
    sql = _ROLES + _MARKS.format(column="") + " WHERE g.permission = %s"
    parameters: list[Any] = [subject, str(permission)]
    if objects is not None:
        sql += f" AND g.object_id IN ({_places(objects)})"
        parameters += objects
    with connection.cursor() as cursor:
        cursor.execute(sql, parameters)
        return [Mark(role, path, bool(deny)) for role, path, deny in cursor.fetchall()]


def marks(
    subject: int, permissions: Collection[str] | None, objects: Collection[int] | None = None
) -> dict[str, list[Mark]]:
    """The marks of the subject's roles by permission, in one reading: for these permissions (any
    without), on these objects (anywhere without)."""
    sql = _ROLES + _MARKS.format(column=", g.permission")
    parameters: list[Any] = [subject]
    conditions: list[str] = []
    for column, values in (("g.permission", permissions), ("g.object_id", objects)):
        if values is not None:
            conditions.append(f"{column} IN ({_places(values)})")
            parameters += values
    if conditions:
        sql += " WHERE " + " AND ".join(conditions)
    found: dict[str, list[Mark]] = defaultdict(list)
    with connection.cursor() as cursor:
        cursor.execute(sql, parameters)
        for role, path, deny, permission in cursor.fetchall():
            found[permission].append(Mark(role, path, bool(deny)))
    return found


def _places(values: Collection[Any]) -> str:
    return ", ".join(["%s"] * len(values))


def within(intervals: Intervals, field: str = "path") -> Q:
    """A condition for the rows whose `field` holds a path in `intervals`: for any model,
    `entity__path` for example.

    The paths in `field` must be those of entities of the tree.
    """
    if not intervals:
        return Q(pk__in=[])
    if intervals == EVERYTHING:
        return Q()
    if len(intervals.items) > MANY:
        return Q(**{f"{field}__in": RawSQL(_joined(), [json.dumps(intervals.items)])})  # noqa: S611 - our own text
    condition = Q()
    for low, high in intervals.items:
        condition |= Q(**{f"{field}__gte": low, f"{field}__lt": high})
    return condition


def is_everywhere(intervals: Intervals) -> bool:
    """Whether the intervals hold the whole tree."""
    if intervals == EVERYTHING:
        return True
    if len(intervals.items) != 1:
        return False
    root = Entity.objects.order_by("path").values_list("path", flat=True).first()
    low, high = beneath(root or "")
    return bool(root) and intervals.items[0][0] <= low and high <= intervals.items[0][1]


def _joined() -> str:
    """Paths of entities in the intervals given as one JSON text: a range of the index for each."""
    if connection.vendor == "postgresql":
        source, low, high = "jsonb_array_elements(%s::jsonb) AS i(v)", "i.v->>0", "i.v->>1"
    else:
        source, low, high = (
            "json_each(%s) AS i",
            "json_extract(i.value, '$[0]')",
            "json_extract(i.value, '$[1]')",
        )
    between = f"e.path >= {low} AND e.path < {high}"
    return f"SELECT e.path FROM {source} CROSS JOIN tree_entity e WHERE {between}"  # noqa: S608


def visible(actor: Actor, kind: str) -> Intervals:
    """Where the actor sees entities of this type: where it holds READ or LIST of the family, and
    itself."""
    read, listing = (allowed(actor, permission) for permission in seeing(kind))
    return read | listing | _itself(actor)


def sees(actor: Actor, entity: Entity) -> bool:
    """Whether the actor may know that the entity is there: the single check to the list of
    `visible`."""
    if entity.path in _itself(actor):
        return True
    return any(holds(actor, permission, entity.path) for permission in seeing(entity.type))


def _itself(actor: Actor) -> Intervals:
    path = path_of_entity(actor.entity) if actor.entity is not None else None
    return Intervals((beneath(path),)) if path else NOTHING


def visible_entities(
    actor: Actor,
    type: str,
    *,
    parent: int | None = None,
    after: str | None = None,
    size: int = 50,
    text: str = "",
) -> Page[Entity]:
    """A page, by name, of the entities of a type that the actor sees; those beneath `parent`
    directly, or with `text` in their names."""
    rows = Entity.objects.filter(within(visible(actor, type)), type=type)
    if parent is not None:
        rows = rows.filter(parent=parent).exclude(id=parent)
    if text:
        rows = rows.filter(name__icontains=text.replace("\x00", ""))
    return page_by_key(rows, keys=("name", "id"), after=after, size=size)


def permitted(
    actor: Actor, type: str, permission: Permission | str, *, size: int = 200
) -> list[tuple[int, str]]:
    """The first `size` entities of a type at which the actor holds the permission, as id and full
    path, by the path: what a form offers to choose from."""
    rows = Entity.objects.filter(within(allowed(actor, permission)), type=type)
    paths = full_path(list(rows.order_by("name", "id").values_list("id", flat=True)[:size]))
    return sorted(paths.items(), key=lambda each: each[1])


def find(*, type: str, name: str, parent: int | None = None) -> int | None:
    """The id of the entity of this type and name, in the group `parent` or anywhere: then the
    topmost, oldest one. Asks no permission."""
    rows = Entity.objects.filter(type=type, name=name.strip().replace("\x00", "\ufffd"))
    if parent is not None:
        rows = rows.filter(parent=parent)
    ranked = rows.annotate(depth=Length("path")).order_by("depth", "id")
    return ranked.values_list("id", flat=True).first()


def namesakes(*, type: str, name: str, limit: int) -> list[int]:
    """The ids of up to `limit` entities of a type that have exactly this name. Asks no
    permission."""
    rows = Entity.objects.filter(type=type, name=name.replace("\x00", "\ufffd")).order_by("id")
    return list(rows.values_list("id", flat=True)[:limit])


def child(*, type: str, name: str, parent: int | None) -> int | None:
    """The id of the entity of this type and name directly in the group `parent`; without a parent,
    of the root when that is its name. Asks no permission."""
    if parent is None:
        root = Entity.objects.order_by("path").values_list("id", "name").first()
        return root[0] if root and root[1] == name else None
    rows = Entity.objects.filter(type=type, name=name.replace("\x00", "\ufffd"), parent=parent)
    return rows.exclude(id=parent).values_list("id", flat=True).first()


@dataclass(frozen=True, slots=True)
class EntityRow:
    """An entity as a value; the root is its own parent."""

    id: int
    type: str
    name: str
    parent: int
    path: str


def rows(ids: Collection[int]) -> dict[int, EntityRow]:
    """Those of the entities that are there, by id, in one reading. Asks no permission."""
    known = [each for each in ids if abs(each) < 2**63]
    found = Entity.objects.filter(id__in=known)
    return {
        row[0]: EntityRow(*row)
        for row in found.values_list("id", "type", "name", "parent_id", "path")
    }


def ancestry(path: str) -> list[int]:
    """The ids from the root down to the entity of this path."""
    return list(ids_in(path))


def path_of_entity(entity_id: int) -> str | None:
    """Its path, if it is there."""
    if not -(2**63) <= entity_id < 2**63:
        return None
    with connection.cursor() as cursor:
        cursor.execute("SELECT path FROM tree_entity WHERE id = %s", [entity_id])
        row = cursor.fetchone()
    return row[0] if row else None


def full_path(ids: Collection[int]) -> dict[int, str]:
    """The names down to each entity, as `/root/NTNU/NV`; two readings, however many are asked
    for."""
    paths = dict(Entity.objects.filter(id__in=ids).values_list("id", "path"))
    lines = {entity: ids_in(path) for entity, path in paths.items()}
    every = {each for line in lines.values() for each in line}
    names = dict(Entity.objects.filter(id__in=every).values_list("id", "name"))
    return {entity: "".join(f"/{names[each]}" for each in line) for entity, line in lines.items()}


def grants_on(object: int) -> dict[int, tuple[frozenset[str], frozenset[str]]]:
    """Who has marks of its own at the object: subject to what is granted and what is denied
    there."""
    found: dict[int, tuple[set[str], set[str]]] = defaultdict(lambda: (set(), set()))
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT subject_id, permission, deny FROM tree_grant WHERE object_id = %s", [object]
        )
        for subject, permission, deny in cursor.fetchall():
            found[subject][1 if deny else 0].add(permission)
    return {
        subject: (frozenset(granted), frozenset(denied))
        for subject, (granted, denied) in found.items()
    }


def members(group: int) -> list[Entity]:
    """The entities that were made members of the group, by name."""
    return list(Entity.objects.filter(memberships__group=group).order_by("name", "id"))


def metadata(entity: int) -> dict[str, list[str]]:
    """The values of each key, in their order, as the texts that were given; system keys too. The
    caller has asked METADATA_READ."""
    result: dict[str, list[str]] = defaultdict(list)
    rows = Metadata.objects.filter(entity=entity).order_by("key", "position")
    for key, text in rows.values_list("key", "text"):
        result[key].append(text)
    return dict(result)


def metadata_of(
    entities: Collection[int], keys: Collection[str]
) -> dict[int, dict[str, list[str]]]:
    """As `metadata`, the values of some keys of several entities, in one reading."""
    result: dict[int, dict[str, list[str]]] = defaultdict(lambda: defaultdict(list))
    rows = Metadata.objects.filter(entity__in=entities, key__in=keys).order_by("key", "position")
    for entity, key, text in rows.values_list("entity_id", "key", "text"):
        result[entity][key].append(text)
    return {entity: dict(each) for entity, each in result.items()}
