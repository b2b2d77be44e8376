"""Groups as lists of people: the groups that somebody sees, and the users in each."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence

from django.db import transaction
from django.db.models import QuerySet

from lagan.hub.accounts.models import User
from lagan.hub.accounts.queries import visible_user
from lagan.hub.base.actors import Actor
from lagan.hub.tree import queries as tree
from lagan.hub.tree import services
from lagan.hub.tree.models import Entity, Type
from lagan.hub.tree.permissions import Permission
from lagan.kit.errors import BadInput, NotFound

_ROLL = (Permission.GROUP_READ, Permission.GROUP_MEMBER_SET)


def visible_groups(actor: Actor) -> QuerySet[Entity]:
    """The groups that `actor` sees, by name."""
    seen = tree.within(tree.visible(actor, Type.GROUP))
    return Entity.objects.filter(seen, type=Type.GROUP).order_by("name", "id")


def visible_group(actor: Actor, id: int) -> Entity:
    """One of them, else NotFound."""
    found = visible_groups(actor).filter(id=id).first() if id < 2**63 else None
    if found is None:
        raise NotFound(f"There is no group {id}.", id=id)
    return found


def users_in(actor: Actor, groups: Sequence[Entity]) -> dict[int, list[str]]:
    """The names of the users who were made members of each group, by name; of the groups whose
    members `actor` may know. One reading for all of them."""
    known = tree.within(tree.allowed_any(actor, _ROLL), "entity__memberships__group__path")
    rows = User.objects.filter(known, entity__memberships__group__in=groups).order_by("username")
    found: dict[int, list[str]] = defaultdict(list)
    for group, username in rows.values_list("entity__memberships__group", "username"):
        found[group].append(username)
    return found


@transaction.atomic
def make_group(
    *, by: Actor, name: str, parent: int | None = None, members: Iterable[str] = ()
) -> Entity:
    """A new group in `parent`, or in the root; needs GROUP_CREATE there."""
    where = services.ground().root.id if parent is None else parent
    made = services.make(by=by, type=Type.GROUP, name=name, parent=where)
    _set_users(by, made, members)
    return made


@transaction.atomic
def change_group(
    *, by: Actor, group: int, name: str | None = None, members: Iterable[str] | None = None
) -> Entity:
    """Another name, or exactly these users; members of other types stay."""
    found = visible_group(by, group)
    if name is not None and name != found.name:
        services.rename(by=by, entity=group, name=name)
    if members is not None:
        _set_users(by, found, members)
    return visible_group(by, group)


def remove_group(*, by: Actor, group: int) -> None:
    """Remove a group that holds nothing."""
    services.discard(by=by, entity=visible_group(by, group).id)


def _set_users(by: Actor, group: Entity, usernames: Iterable[str]) -> None:
    wanted = {_user(by, each).entity_id for each in usernames}
    rows = User.objects.filter(entity__memberships__group=group)
    there = set(rows.values_list("entity_id", flat=True))
    for entity in sorted(wanted - there):
        services.add_member(by=by, member=entity, group=group.id)
    for entity in sorted(there - wanted):
        services.remove_member(by=by, member=entity, group=group.id)


def _user(by: Actor, username: str) -> User:
    try:
        return visible_user(by, username)
    except NotFound as absent:
        raise BadInput(absent.sentence, field="members") from None
