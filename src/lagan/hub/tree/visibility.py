"""What an actor may do and see, one at a time and as the set of all places."""

from __future__ import annotations

from collections.abc import Collection

from django.db import connection
from django.db.models import Q, QuerySet

from lagan.hub.base.actors import Actor
from lagan.hub.tree.closure import marks_of
from lagan.hub.tree.models import Entity, Type
from lagan.hub.tree.permissions import ALL, Permission, permission_to, seeing
from lagan.hub.tree.rules import EVERYTHING, NOTHING, Intervals, beneath, effective, ids_in, union
from lagan.hub.tree.spans import within


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
    return entity.path in _itself(actor) or holds_any(actor, seeing(entity.type), entity.path)


def readable_logs(actor: Actor) -> QuerySet[Entity, int]:
    """The ids of the entities whose log the actor may read (LOG_READ of their type), as a query to
    compare with; one reading before it."""
    kinds = {kind: permission_to("LOG_READ", kind) for kind in Type.values}
    found = {} if actor.entity is None else marks_of(actor.entity, list(kinds.values()))
    where = Q(pk__in=())
    for kind, permission in kinds.items():
        held = within(effective(found[permission])) if permission in found else Q(pk__in=())
        where |= Q(type=kind) & (Q() if actor.is_system else held)
    return Entity.objects.filter(where).values_list("id", flat=True)


def _itself(actor: Actor) -> Intervals:
    path = path_of_entity(actor.entity) if actor.entity is not None else None
    return Intervals((beneath(path),)) if path else NOTHING


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
