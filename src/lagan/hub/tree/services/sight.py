"""Who may do this, and what looks absent: the guards that every verb begins with."""

from __future__ import annotations

from lagan.hub.base.actors import Actor
from lagan.hub.tree import queries
from lagan.hub.tree.models import Entity
from lagan.hub.tree.permissions import Permission
from lagan.kit.errors import Forbidden, NotFound


def require(*, actor: Actor, permission: Permission | str, entity: int) -> Entity:
    """The entity, when the actor holds the permission on it. Forbidden when it only sees it, else
    NotFound."""
    found = existing(entity)
    if queries.holds(actor, permission, found.path):
        return found
    if queries.sees(actor, found):
        raise Forbidden(
            f"This needs {permission} on {found.name}.", permission=str(permission), entity=entity
        )
    raise absent(entity)


def require_sight(*, actor: Actor, entity: int) -> Entity:
    """The entity, when the actor may know of it, else NotFound."""
    found = existing(entity)
    if actor.is_system or queries.sees(actor, found):
        return found
    raise absent(entity)


def existing(entity: int) -> Entity:
    """The entity, whoever asks. NotFound."""
    found = Entity.objects.filter(id=entity).first()
    if found is None:
        raise absent(entity)
    return found


def locked(entity: int) -> Entity:
    """The entity, its row held until the transaction ends. NotFound."""
    found = Entity.objects.select_for_update().filter(id=entity).first()
    if found is None:
        raise absent(entity)
    return found


def absent(entity: int) -> NotFound:
    """What is said of an entity that is not there, and of one that the asker may not know of."""
    return NotFound(f"There is no entity {entity}.", entity=entity)
