"""Users are made with their USER entity, changed, shut out and let in again."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from django.db import transaction
from django.db.models import Q

from lagan.hub.accounts.models import User
from lagan.hub.accounts.services.guards import (
    changeable,
    check,
    governed,
    put_password,
    refuse_client_key,
    refuse_taken,
    set_names,
)
from lagan.hub.accounts.services.passwords import set_password
from lagan.hub.accounts.services.sessions import end_visits
from lagan.hub.audit.kinds import Kind
from lagan.hub.audit.services import record
from lagan.hub.base.actors import Actor
from lagan.hub.tree import services as tree
from lagan.hub.tree.models import Type
from lagan.hub.tree.permissions import Permission
from lagan.kit.errors import Conflict


def bootstrap() -> tree.Ground:
    """What a hub needs before anybody can sign in; safe to repeat."""
    return tree.ensure_root()


@transaction.atomic
def create_user(
    *,
    by: Actor,
    username: str,
    email: str = "",
    full_name: str = "",
    password: str | None = None,
    admin: bool = False,
    first_name: str | None = None,
    last_name: str | None = None,
    group: int | None = None,
    email_confirmed: bool = True,
    metadata: Mapping[str, Sequence[Any]] | None = None,
) -> User:
    """A new user with its USER entity in `group`, or in the users' group; needs USER_CREATE there
    and, for an administrator, GROUP_MEMBER_SET on the administrators. Without a password only a
    link can set one. Whoever makes a user vouches for the address, unless they say that it is not
    `email_confirmed`. Conflict for a name or address that is taken."""
    refuse_client_key(by)
    ground = tree.ground()
    home = ground.users.id if group is None else group
    user = User(username=username, email=email.strip())
    user.email_confirmed = email_confirmed and bool(user.email)
    set_names(user, full_name, first_name, last_name)
    check(user)
    tree.require(actor=by, permission=Permission.USER_CREATE, entity=home)
    refuse_taken(user)
    if password is None:
        user.set_unusable_password()
    else:
        put_password(user, password)
    user.entity = tree.create_entity(
        by=by, type=Type.USER, name=username, parent=home, metadata=metadata
    )
    user.save(force_insert=True)
    if admin:
        tree.add_member(by=by, member=user.entity_id, group=ground.administrators.id)
    record(
        kind=Kind.USER_CREATED,
        by=by,
        subject=user.entity_id,
        data={"username": username, "admin": admin},
    )
    return user


@transaction.atomic
def restore_user(*, entity: int, username: str, full_name: str) -> None:
    """Put back the user of a USER entity that a volume's journal knows. Only a link can set the
    password; a user who is there stays as they are."""
    if User.objects.filter(Q(entity=entity) | Q(username__iexact=username)).exists():
        return
    user = User(username=username, full_name=full_name, entity_id=entity)
    user.set_unusable_password()
    user.save(force_insert=True)


@transaction.atomic
def change_user(
    *,
    by: Actor,
    username: str,
    email: str | None = None,
    first_name: str | None = None,
    last_name: str | None = None,
    password: str | None = None,
) -> User:
    """Change what is given; one's own account, or with USER_CHANGE another's."""
    user = changeable(by, username)
    if email is not None and email.strip() != user.email:
        # One's own word proves nothing; an address stands for a person at an identity provider.
        user.email, user.email_confirmed = email.strip(), by.entity != user.entity_id
    if first_name is not None or last_name is not None:
        first = user.first_name if first_name is None else first_name
        set_names(user, None, first, user.last_name if last_name is None else last_name)
    check(user)
    refuse_taken(user)
    user.save()
    given = {"email": email, "first_name": first_name, "last_name": last_name}
    changed = sorted(name for name, value in given.items() if value is not None)
    if changed:
        record(kind=Kind.USER_CHANGED, by=by, subject=user.entity_id, data={"fields": changed})
    return user if password is None else set_password(by=by, username=username, password=password)


@transaction.atomic
def set_active(*, by: Actor, username: str, active: bool) -> User:
    """Let a user in again, or shut it out at once with all its credentials; needs USER_CHANGE.
    Conflict for oneself."""
    user = governed(by, username, Permission.USER_CHANGE)
    if by.entity == user.entity_id:
        raise Conflict("Nobody shuts out themselves.", username=username)
    if user.is_active != active:
        user.is_active = active
        user.save(update_fields=["is_active"])
        if not active:
            end_visits(user)
        kind = Kind.USER_ACTIVATED if active else Kind.USER_DEACTIVATED
        record(kind=kind, by=by, subject=user.entity_id, data={"username": username})
    return user
