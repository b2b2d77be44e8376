"""Client keys are made, renamed and revoked by their owners."""

from __future__ import annotations

from django.db import transaction
from django.utils import timezone

from lagan.hub.accounts import queries, rules
from lagan.hub.accounts.models import ClientKey
from lagan.hub.accounts.services.guards import refuse_client_key
from lagan.hub.audit.kinds import Kind
from lagan.hub.audit.services import record
from lagan.hub.base.actors import Actor
from lagan.kit.errors import BadInput


@transaction.atomic
def create_client_key(*, by: Actor, name: str) -> tuple[ClientKey, str]:
    """A new key of one's own and its text, which is shown this once."""
    refuse_client_key(by)
    user = queries.user_of(by)
    text, prefix = rules.new_client_key()
    key = ClientKey.objects.create(
        user=user, name=_key_name(name), prefix=prefix, hash=rules.key_hash(text)
    )
    record(
        kind=Kind.CLIENT_KEY_CREATED,
        by=by,
        subject=user.entity_id,
        data={"id": key.id, "name": key.name},
    )
    return key, text


@transaction.atomic
def rename_client_key(*, by: Actor, key: int, name: str) -> ClientKey:
    """Give one's own key another name."""
    refuse_client_key(by)
    found = queries.client_key(by, key)
    found.name = _key_name(name)
    found.save(update_fields=["name"])
    record(
        kind=Kind.CLIENT_KEY_RENAMED, by=by, subject=by.entity, data={"id": key, "name": found.name}
    )
    return found


@transaction.atomic
def revoke_client_key(*, by: Actor, key: int) -> None:
    """End one's own key, for ever."""
    refuse_client_key(by)
    found = queries.client_key(by, key)
    found.revoked = timezone.now()
    found.save(update_fields=["revoked"])
    record(
        kind=Kind.CLIENT_KEY_REVOKED, by=by, subject=by.entity, data={"id": key, "name": found.name}
    )


def _key_name(name: str) -> str:
    clean = name.strip()
    if not 0 < len(clean) <= 200 or not clean.isprintable():
        raise BadInput("A key has a name of 1 to 200 characters.", field="name")
    return clean
