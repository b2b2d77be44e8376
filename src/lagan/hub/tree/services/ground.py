"""The entities that every hub has."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from django.db import transaction

from lagan.hub.audit.kinds import Kind
from lagan.hub.audit.services import record
from lagan.hub.base import bulk, locks
from lagan.hub.base.actors import SYSTEM
from lagan.hub.tree.models import Entity, Grant, Type
from lagan.hub.tree.permissions import ALL, Permission
from lagan.hub.tree.rules import path_of
from lagan.hub.tree.services.entities import create_entity
from lagan.hub.tree.services.grants import insert_grants
from lagan.hub.tree.services.names import ADMINISTRATORS, ROOT, SHAPE, USERS
from lagan.kit.errors import Conflict


@dataclass(frozen=True, slots=True)
class Ground:
    """The three entities that every hub has."""

    root: Entity
    administrators: Entity
    users: Entity


@transaction.atomic
def ensure_root() -> Ground:
    """The root, its administrators (who hold every permission on it) and the home of the users;
    made when missing."""
    locks.until_commit(SHAPE)
    root = _root() or _make_root()
    ground = Ground(root, _ensure_group(ADMINISTRATORS, root), _ensure_group(USERS, root))
    held = {"subject": ground.administrators.id, "object": root.id}
    own = Grant.objects.filter(**held).values_list("permission", "deny")
    missing = ALL - {Permission(permission) for permission, _ in own if permission in ALL}
    if missing:
        insert_grants(
            held["subject"], held["object"], {(permission, False) for permission in missing}
        )
        record(
            kind=Kind.GRANTS_SET,
            by=SYSTEM,
            subject=root.id,
            data={**held, "grant": sorted(missing)},
        )
    return ground


def ground() -> Ground:
    """The root and its two groups, as `ensure_root` left them. Conflict before the hub was set
    up."""
    root = _root()
    groups = {} if root is None else {each.name: each for each in fixed_groups(root)}
    if root is None or len(groups) != 2:
        raise Conflict("This hub has not been set up yet.")
    return Ground(root, groups[ADMINISTRATORS], groups[USERS])


def _root() -> Entity | None:
    """Every path begins with the root's, so it sorts first."""
    return Entity.objects.order_by("path").first()


def _make_root() -> Entity:
    (number,) = bulk.reserve_ids(Entity, 1)
    root = Entity(id=number, type=Type.GROUP, name=ROOT, path=path_of(number))
    root.parent_id = number
    root.save(force_insert=True)
    record(
        kind=Kind.ENTITY_CREATED, by=SYSTEM, subject=number, data={"type": Type.GROUP, "name": ROOT}
    )
    return root


def _ensure_group(name: str, root: Entity) -> Entity:
    found = Entity.objects.filter(parent=root, type=Type.GROUP, name=name).first()
    return found or create_entity(by=SYSTEM, type=Type.GROUP, name=name, parent=root.id)


def fixed_groups(root: Entity) -> Iterable[Entity]:
    """The groups beneath the root that stay where they are."""
    return Entity.objects.filter(parent=root, type=Type.GROUP, name__in=[ADMINISTRATORS, USERS])
