"""Who is a member of which group."""

from __future__ import annotations

from django.db import transaction

from lagan.hub.audit.kinds import Kind
from lagan.hub.audit.services import record
from lagan.hub.base.actors import Actor
from lagan.hub.tree.models import Entity, Membership, Type
from lagan.hub.tree.permissions import Permission
from lagan.hub.tree.services.sight import existing, locked, require
from lagan.kit.errors import BadInput, NotFound


@transaction.atomic
def add_member(*, by: Actor, member: int, group: int) -> None:
    """Give `member` the role `group`; needs GROUP_MEMBER_SET on it. Doing so again does nothing."""
    found = _group(by, group)
    other = existing(member)
    _, new = Membership.objects.get_or_create(member=other, group=found)
    if new:
        record(kind=Kind.MEMBER_ADDED, by=by, subject=group, data={"member": member})


@transaction.atomic
def remove_member(*, by: Actor, member: int, group: int) -> None:
    """Take the role `group` from `member`; needs GROUP_MEMBER_SET on it. NotFound when it is no
    member."""
    found = _group(by, group)
    removed, _ = Membership.objects.filter(member=member, group=found).delete()
    if not removed:
        raise NotFound(f"{member} is not a member of {found.name}.", member=member)
    record(kind=Kind.MEMBER_REMOVED, by=by, subject=group, data={"member": member})


def _group(by: Actor, group: int) -> Entity:
    found = require(actor=by, permission=Permission.GROUP_MEMBER_SET, entity=group)
    if found.type != Type.GROUP:
        raise BadInput(f"Only groups have members; {found.name} is a {found.type}.", entity=group)
    return locked(group)
