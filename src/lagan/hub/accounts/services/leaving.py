"""A user leaves: what says who it was is gone, and what others rely on stays."""

from __future__ import annotations

from django.db import transaction

from lagan.hub.accounts.models import User
from lagan.hub.accounts.personal import parts
from lagan.hub.accounts.services.guards import governed, set_names
from lagan.hub.audit.kinds import Kind
from lagan.hub.audit.services import record
from lagan.hub.base.actors import SYSTEM, Actor
from lagan.hub.tree import services as tree
from lagan.hub.tree.permissions import Permission
from lagan.kit.errors import Conflict


@transaction.atomic
def anonymise(*, by: Actor, username: str) -> None:
    """What removing a user means: nobody can sign in as it, and nothing says who it was; its entity
    stays, for data and record refer to it. Every room forgets its part (`personal`). Needs
    USER_DELETE. Source: seeds/dataset-archive.txt, how to delete an entity."""
    user = governed(by, username, Permission.USER_DELETE)
    if by.entity == user.entity_id:
        raise Conflict("Nobody removes themselves.", username=username)
    for part in parts():
        if part.forget is not None:
            part.forget(user.entity_id)
    tree.rename(by=SYSTEM, entity=user.entity_id, name=removed_name(user.entity_id))
    record(kind=Kind.USER_ANONYMISED, by=by, subject=user.entity_id)


def forget_account(entity: int) -> None:
    """The account's own row, and every way in."""
    user = User.objects.select_for_update().get(entity=entity)
    user.username, user.email, user.is_active = removed_name(entity), "", False
    user.email_confirmed = user.must_change = False
    user.orcid, user.last_login = "", None
    set_names(user, "", None, None)
    user.set_unusable_password()
    user.save()
    user.day_tokens.all().delete()


def removed_name(entity: int) -> str:
    """What a user is called who has left."""
    return f"removed-{entity}"
