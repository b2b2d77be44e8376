"""Identity providers are set up, changed and taken away by administrators."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.db import transaction

from lagan.hub.accounts import providers, queries, sealed
from lagan.hub.accounts.models import Provider as Row
from lagan.hub.accounts.services.guards import refuse_client_key
from lagan.hub.audit.kinds import Kind
from lagan.hub.audit.services import record
from lagan.hub.base.actors import Actor
from lagan.kit.errors import Conflict, Forbidden, NotFound


@transaction.atomic
def set_provider(
    *, by: Actor, given: Mapping[str, Any], secret: str | None = None, enabled: bool = True
) -> providers.Provider:
    """Set a provider up, or change the one of that name; None leaves the secret as it is. For
    administrators. BadInput names the field that is wrong; Conflict for a name that the settings'
    file has."""
    require_administrator(by)
    provider = providers.read(given)
    if provider.name in queries.providers_of_file():
        raise Conflict(f"{provider.name} is set up in the settings' file.", field="name")
    row = Row.objects.select_for_update().filter(name=provider.name).first()
    row = row or Row(name=provider.name)
    row.facts, row.enabled = provider.facts(), enabled
    if secret is not None:
        row.secret = sealed.seal(secret) if secret else ""
    row.save()
    data = {"name": provider.name, "issuer": provider.issuer, "enabled": enabled}
    record(kind=Kind.PROVIDER_SET, by=by, data=data)
    return provider


@transaction.atomic
def remove_provider(*, by: Actor, name: str) -> None:
    """Take a provider away. Logins there stay known, and work again when it is set up anew."""
    require_administrator(by)
    removed, _ = Row.objects.filter(name=name).delete()
    if not removed:
        raise NotFound(f"There is no provider {name[:40]} here.", name=name[:40])
    record(kind=Kind.PROVIDER_REMOVED, by=by, data={"name": name})


def require_administrator(by: Actor) -> None:
    """Return for administrators; NotFound for others, to whom this room is not there."""
    refuse_client_key(by)
    if by.is_system:
        return
    if not queries.is_administrator(queries.user_of(by)):
        raise Forbidden("This is for administrators.")


def refuse_taken_provider(name: str) -> None:
    """Conflict when there is a provider of this name already."""
    if Row.objects.filter(name=name[:40].replace("\x00", "")).exists():
        raise Conflict(f"There is a provider {name[:40]} already.", field="name")
