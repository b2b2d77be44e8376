"""The two ways through memberships and parents, as one reading each: up to the roles of an entity,
down to who holds a role."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Any

from django.db import connection

from lagan.hub.tree.models import Type
from lagan.hub.tree.rules import NOTHING, WIDTH, Intervals, Mark, beneath, union
from lagan.hub.tree.verdicts import Ways, shortest_ways

_ROLES = """
WITH RECURSIVE roles(start, id) AS (
  {first}
  UNION
  {next}
)
"""
"""The closure over parents and memberships of each start: UNION drops what is already there, so
cycles end."""

_NEXT_ROLES = {
    "sqlite": """
  SELECT r.start, CASE way.up WHEN 1 THEN e.parent_id ELSE m.group_id END
    FROM roles r
    JOIN tree_entity e ON e.id = r.id
    CROSS JOIN (SELECT 1 AS up UNION ALL SELECT 0) AS way
    LEFT JOIN tree_membership m ON m.member_id = r.id AND way.up = 0
   WHERE way.up = 1 OR m.group_id IS NOT NULL
""",
    "postgresql": """
  SELECT r.start, above.id
    FROM roles r
    CROSS JOIN LATERAL (
      SELECT e.parent_id FROM tree_entity e WHERE e.id = r.id
      UNION ALL
      SELECT m.group_id FROM tree_membership m WHERE m.member_id = r.id
    ) AS above(id)
""",
}
"""A recursive term may name itself once, and PostgreSQL would read all memberships to join them."""

_HOLDING = """
WITH RECURSIVE holding(id, path) AS (
  SELECT id, path FROM tree_entity WHERE id IN ({roles})
  UNION
  SELECT m.member_id, (SELECT e.path FROM tree_entity e WHERE e.id = m.member_id)
    FROM holding h CROSS JOIN {members}
   WHERE length(h.path) > {width} AND {beneath}
     AND (SELECT e.type FROM tree_entity e WHERE e.id = m.member_id) = 'GROUP'
)
"""
"""The roles that were given and the groups that are members of them or of anything beneath them, in
turn. Everything beneath the path of one of these holds the role as well. The root is not looked
beneath: everybody is there. Members are looked up one by one: joined, SQLite would first read all
entities of the type to make a filter of them."""

_MEMBERS = """
SELECT m.member_id FROM holding h CROSS JOIN {members}
 WHERE {beneath} AND (SELECT e.type FROM tree_entity e WHERE e.id = m.member_id) = {type}
"""

_MEMBERS_BENEATH = {
    "sqlite": (
        "tree_entity g INDEXED BY tree_group_path JOIN tree_membership m ON m.group_id = g.id",
        "g.type = 'GROUP' AND g.path >= h.path AND g.path < h.path || '~'",
    ),
    "postgresql": (
        """LATERAL (
      SELECT id FROM tree_entity
       WHERE type = 'GROUP' AND path >= h.path AND path < h.path || '~' OFFSET 0
    ) g CROSS JOIN LATERAL (
      SELECT member_id FROM tree_membership WHERE group_id = g.id OFFSET 0
    ) m""",
        "true",
    ),
}
"""The members of every group beneath a path, as a table and what is left to ask of it: from the
groups to their members, and never the other way, which costs as much as there are memberships."""

_BENEATH = """
SELECT e.id FROM holding h CROSS JOIN tree_entity e {entities}
 WHERE e.type = {type} AND e.path >= h.path AND e.path < h.path || '~'
"""


@dataclass(frozen=True, slots=True)
class Place:
    """An entity as these readings give it; the root is its own parent."""

    id: int
    type: str
    name: str
    parent: int
    path: str


_LINKS = """
SELECT m.member_id, m.group_id FROM roles JOIN tree_membership m ON m.member_id = roles.id
"""

_MARKS = """
SELECT g.subject_id, o.path, g.deny, g.permission
  FROM tree_grant g JOIN tree_entity o ON o.id = g.object_id
"""

_PLACE = "SELECT e.id, e.type, e.name, e.parent_id, e.path"


@dataclass(frozen=True, slots=True)
class Roles:
    """All roles of one entity and the shortest way to each."""

    start: int
    places: dict[int, Place]
    came: Ways


def roles_of(entity: int) -> Roles:
    """The roles of an entity with the ways to them, in two readings; none for one that is not
    there."""
    up = roles_sql()
    places = places_from(f"{up} {_PLACE} FROM roles JOIN tree_entity e ON e.id = roles.id", entity)
    groups: dict[int, list[int]] = defaultdict(list)
    for member, group in read(f"{up} {_LINKS}", [entity]):
        groups[member].append(group)
    parents = {each.id: each.parent for each in places.values()}
    return Roles(entity, places, shortest_ways(entity, parents, groups))


def marks_of(
    subject: int,
    permissions: Collection[str] | None = None,
    objects: Collection[int] | None = None,
) -> dict[str, list[Mark]]:
    """The marks of all roles of a subject by permission: of these permissions or of all, at these
    objects or anywhere; one reading."""
    # Not a join: SQLite would first read every grant there is, to sift roles by (a Bloom filter).
    held = "g.subject_id IN (SELECT id FROM roles)"
    return _by_permission(*_narrowed(roles_sql() + _MARKS, [subject], permissions, objects, held))


def marks_at(objects: Collection[int], permissions: Collection[str]) -> dict[str, list[Mark]]:
    """The marks at these objects for these permissions, whoever has them; one reading."""
    return _by_permission(*_narrowed(_MARKS, [], permissions, objects))


def _narrowed(
    sql: str,
    parameters: list[Any],
    permissions: Collection[str] | None,
    objects: Collection[int] | None,
    first: str = "1 = 1",
) -> tuple[str, list[Any]]:
    conditions = [first]
    if permissions is not None:
        conditions.append(f"g.permission IN ({several(permissions)})")
        parameters = [*parameters, *map(str, permissions)]
    if objects is not None:
        conditions.append(f"g.object_id IN ({several(objects)})")
        parameters = [*parameters, *objects]
    return f"{sql} WHERE {' AND '.join(conditions)}", parameters


def _by_permission(sql: str, parameters: list[Any]) -> dict[str, list[Mark]]:
    found: dict[str, list[Mark]] = defaultdict(list)
    for role, path, deny, permission in read(sql, parameters):
        found[permission].append(Mark(role, path, bool(deny)))
    return found


def through(subjects: Collection[int], roles: Collection[int]) -> dict[int, set[int]]:
    """Which of these roles each of these subjects has, in one reading."""
    found: dict[int, set[int]] = defaultdict(set)
    if subjects and roles:
        up = _up(f"SELECT id, id FROM tree_entity WHERE id IN ({several(subjects)})")  # noqa: S608
        sql = f"{up} SELECT start, id FROM roles WHERE id IN ({several(roles)})"  # noqa: S608
        for subject, role in read(sql, [*subjects, *roles]):
            found[subject].add(role)
    return found


def holding(roles: Collection[int]) -> Intervals:
    """Where the entities are that hold at least one of these roles by being beneath it or beneath
    a group that is a member of it, in turn."""
    sql = _holding(roles) + " SELECT path FROM holding"  # noqa: S608 - our own text
    return union(beneath(path) for (path,) in read(sql, [*roles])) if roles else NOTHING


def holders(roles: Collection[int], type: str, most: int) -> list[int]:
    """Ids of entities of a type that hold at least one of these roles, in no order; at most that
    many."""
    if not roles:
        return []
    parts = _holding(roles), _BENEATH.format(**_hints(type)), _MEMBERS.format(**_hints(type))
    sql = f"{parts[0]} {parts[1]} UNION {parts[2]} LIMIT {most:d}"
    return [id for (id,) in read(sql, [*roles])]


def places_from(sql: str, *parameters: Any) -> dict[int, Place]:
    """The entities that a statement gives, by id."""
    return {row[0]: Place(*row) for row in read(sql, parameters)}


def places(ids: Collection[int]) -> dict[int, Place]:
    """Those of these entities that are there, by id, in one reading. Asks no permission."""
    known = [each for each in ids if abs(each) < 2**63]
    if not known:
        return {}
    return places_from(f"{_PLACE} FROM tree_entity e WHERE e.id IN ({several(known)})", *known)


def several(values: Collection[Any]) -> str:
    """As many placeholders."""
    return ", ".join(["%s"] * len(values))


def read(sql: str, parameters: Iterable[Any]) -> list[tuple[Any, ...]]:
    """All rows of one statement."""
    with connection.cursor() as cursor:
        cursor.execute(sql, list(parameters))
        rows: list[tuple[Any, ...]] = cursor.fetchall()
    return rows


def roles_sql() -> str:
    """A table `roles` of the column `id` for a statement: the roles of the one entity whose id is
    its first parameter."""
    return _up("SELECT start.id, start.id FROM (SELECT CAST(%s AS bigint) AS id) AS start")


def _up(first: str) -> str:
    return _ROLES.format(first=first, next=_NEXT_ROLES[connection.vendor])


def _holding(roles: Collection[int]) -> str:
    return _HOLDING.format(roles=several(roles), width=WIDTH, **_hints("GROUP"))


def _hints(type: str) -> dict[str, str]:
    """The type as a literal, so that the index of its paths serves, and for SQLite, which would
    rather have the index of all of a type, that index by name."""
    kind = Type(type)
    members, beneath_it = _MEMBERS_BENEATH[connection.vendor]
    index = {Type.GROUP: "tree_group_path", Type.USER: "tree_user_path"}.get(kind)
    named = index is not None and connection.vendor == "sqlite"
    return {
        "type": f"'{kind.value}'",
        "members": members,
        "beneath": beneath_it,
        "entities": f"INDEXED BY {index}" if named else "",
    }
