"""Users as the tree makes and removes them, where it is asked for an entity of any type."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from lagan.hub.accounts import services
from lagan.hub.accounts.models import User
from lagan.hub.base.actors import Actor
from lagan.kit.errors import Conflict


def make(*, by: Actor, name: str, parent: int, metadata: Mapping[str, Sequence[Any]] | None) -> int:
    """A local user of this name, which is the mail address too where it is one; its entity's id. A
    link sets its password. Source: seeds/dataset-archive.txt, users."""
    email = name.strip() if "@" in name else ""
    return services.create_user(
        by=by, username=name.strip(), email=email, group=parent, metadata=metadata
    ).entity_id


def discard(*, by: Actor, entity: int) -> None:
    """Nobody can sign in as it any more, and nothing says who it was. Conflict for a user without
    an account: that one is the hub's own."""
    user = User.objects.filter(entity=entity).first()
    if user is None:
        raise Conflict("This user has no account.", entity=entity)
    services.anonymise(by=by, username=user.username)
