"""Who may do this, and what looks absent: the guards that every verb begins with."""

from __future__ import annotations

from lagan.hub.base.actors import Actor
from lagan.hub.tree import queries
from lagan.hub.tree.closure import Place
from lagan.hub.tree.models import Entity, Type
from lagan.hub.tree.permissions import Permission, permission_to
from lagan.hub.tree.telling import Insight
from lagan.kit.errors import BadInput, Forbidden, NotFound


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


def require_insight(*, actor: Actor, entity: int, subject: int | None = None) -> Insight:
    """Leave to ask who may do what with the entity: with READ or PERM_SET of its family, or about
    oneself. Forbidden for who only sees it, else NotFound. Whom the asker does not see is told by
    name only to who holds PERM_SET: nobody could look after permissions otherwise."""
    found = require_sight(actor=actor, entity=entity)
    place = Place(found.id, found.type, found.name, found.parent_id, found.path)
    every = queries.holds(actor, permission_to("PERM_SET", found.type), found.path)
    about_oneself = subject is not None and subject == actor.entity
    if every or about_oneself:
        return Insight(actor, place, every)
    require(actor=actor, permission=permission_to("READ", found.type), entity=entity)
    return Insight(actor, place, False)


def require_subject(*, insight: Insight, subject: int, name: str = "") -> Entity:
    """The entity whose permissions are asked for, when the asker knows it: it sees it, gives its
    `name` in full, or it has something to do with a place where the asker sets permissions. Else
    NotFound: ids do not tell names."""
    found = existing(subject)
    known = (
        insight.actor.is_system
        or found.name == name
        or queries.sees(insight.actor, found)
        or (insight.every and queries.subject_permissions(subject, insight.entity.path))
        or (insight.every and subject in queries.grants_on(insight.entity.id))
    )
    if not known:
        raise absent(subject)
    return found


def require_roll(*, actor: Actor, group: int) -> Entity:
    """The group, when the actor may know its members: with GROUP_READ or GROUP_MEMBER_SET on it.
    Forbidden for who only sees it, else NotFound; BadInput for what is no group."""
    found = require_sight(actor=actor, entity=group)
    if not queries.holds(actor, Permission.GROUP_MEMBER_SET, found.path):
        require(actor=actor, permission=Permission.GROUP_READ, entity=group)
    if found.type != Type.GROUP:
        raise BadInput(f"Only groups have members; {found.name} is a {found.type}.", entity=group)
    return found


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
