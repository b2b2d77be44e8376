"""Reading the tree: who may, which ones may they, what can they see, where is it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from django.db import connection
from django.db.models.functions import Length

from lagan.hub.base.actors import Actor
from lagan.hub.base.pages import Page, page_by_key
from lagan.hub.tree.closure import ROLES, marks_of, read
from lagan.hub.tree.explaining import Chain as Chain
from lagan.hub.tree.explaining import Explanation as Explanation
from lagan.hub.tree.explaining import PermissionRow as PermissionRow
from lagan.hub.tree.explaining import columns as columns
from lagan.hub.tree.explaining import subjects as subjects
from lagan.hub.tree.explaining import why as why
from lagan.hub.tree.holders import Holder as Holder
from lagan.hub.tree.holders import who as who
from lagan.hub.tree.models import Entity, Metadata
from lagan.hub.tree.permissions import ALL, Permission, seeing
from lagan.hub.tree.rules import EVERYTHING, NOTHING, Intervals, beneath, effective, ids_in, union
from lagan.hub.tree.spans import within as within


def roles(entity_id: int) -> frozenset[int]:
    """The ids of all roles of an entity: itself, its ancestors, its groups, and theirs in turn."""
    return frozenset(row[0] for row in read(f"{ROLES} SELECT id FROM roles", [entity_id]))  # noqa: S608


def may(actor: Actor, permission: Permission | str, entity_id: int) -> bool:
    """Whether the actor holds the permission on the entity. False for an entity that is not
    there."""
    if actor.entity is None and not actor.is_system:
        return False
    path = path_of_entity(entity_id)
    return path is not None and holds(actor, permission, path)


def holds(actor: Actor, permission: Permission | str, path: str) -> bool:
    """As `may`, of the entity with this path; its existence is not asked for."""
    return holds_any(actor, [permission], path)


def holds_any(actor: Actor, permissions: Collection[str], path: str) -> bool:
    """Whether the actor holds at least one of the permissions on the entity with this path; one
    reading."""
    if actor.is_system:
        return True
    if actor.entity is None:
        return False
    found = marks_of(actor.entity, permissions, ids_in(path))
    return any(path in effective(marks) for marks in found.values())


def allowed(actor: Actor, permission: Permission | str) -> Intervals:
    """All paths at which the actor holds the permission."""
    return allowed_any(actor, [permission])


def allowed_any(actor: Actor, permissions: Collection[str]) -> Intervals:
    """All paths at which the actor holds at least one of the permissions; one reading."""
    if actor.is_system:
        return EVERYTHING
    if actor.entity is None:
        return NOTHING
    found = marks_of(actor.entity, permissions)
    return union(each for marks in found.values() for each in effective(marks).items)


def permissions_on(actor: Actor, entity_id: int) -> frozenset[Permission]:
    """Everything that the actor may do to the entity, in one reading."""
    path = path_of_entity(entity_id)
    if path is None or (actor.entity is None and not actor.is_system):
        return frozenset()
    return ALL if actor.entity is None else subject_permissions(actor.entity, path)


def subject_permissions(subject: int, path: str) -> frozenset[Permission]:
    """Everything that the entity `subject` is effectively granted on the object with this path."""
    found = marks_of(subject, objects=ids_in(path))
    known = {each: found[each] for each in ALL if each in found}
    return frozenset(each for each, marks in known.items() if path in effective(marks))


def visible(actor: Actor, kind: str) -> Intervals:
    """Where the actor sees entities of this type: where it holds one of `seeing`, and itself."""
    return allowed_any(actor, seeing(kind)) | _itself(actor)


def sees(actor: Actor, entity: Entity) -> bool:
    """Whether the actor may know that the entity is there: the single check to the list of
    `visible`."""
    return actor.entity == entity.id or holds_any(actor, seeing(entity.type), entity.path)


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


def find(*, type: str, name: str, parent: int | None = None) -> int | None:
    """The id of the entity of this type and name, in the group `parent` or anywhere: then the
    topmost, oldest one. Asks no permission."""
    rows = Entity.objects.filter(type=type, name=name.strip().replace("\x00", "\ufffd"))
    if parent is not None:
        rows = rows.filter(parent=parent)
    ranked = rows.annotate(depth=Length("path")).order_by("depth", "id")
    return ranked.values_list("id", flat=True).first()


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


def metadata(entity: int) -> dict[str, list[Any]]:
    """The values of each key, in their order: numbers and times as such. The caller has asked
    METADATA_READ."""
    result: dict[str, list[Any]] = defaultdict(list)
    for row in Metadata.objects.filter(entity=entity).order_by("key", "position"):
        result[row.key].append(row.time if row.time is not None else _number(row))
    return dict(result)


def _number(row: Metadata) -> Any:
    if row.number is None:
        return row.text
    return int(row.text) if row.text.lstrip("-").isdigit() else row.number
