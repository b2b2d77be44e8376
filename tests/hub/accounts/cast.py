"""An administrator, a user and a stranger, and the headers that they send."""

from __future__ import annotations

from dataclasses import dataclass

from lagan.hub.accounts import queries, services
from lagan.hub.accounts.models import User
from lagan.hub.base.actors import SYSTEM, Actor

PASSWORD = "seven quiet herons"


@dataclass(frozen=True, slots=True)
class Cast:
    """Three users; `ada` is an administrator."""

    ada: User
    ben: User
    eve: User


def assemble() -> Cast:
    """A hub that is set up, with three users of one password."""
    services.bootstrap()
    ada, ben, eve = (user(name, admin=name == "ada") for name in ("ada", "ben", "eve"))
    return Cast(ada, ben, eve)


def user(name: str, *, admin: bool = False) -> User:
    return services.create_user(
        by=SYSTEM,
        username=name,
        email=f"{name}@example.org",
        full_name=f"{name.capitalize()} Test",
        password=PASSWORD,
        admin=admin,
    )


def actor(who: User, credential: str = queries.JWT) -> Actor:
    return Actor(who.entity_id, who.username, credential)


def bearer(who: User) -> dict[str, str]:
    """A header with a fresh access token."""
    return {"Authorization": f"Bearer {services.issue_tokens(who)['access']}"}


def key(who: User) -> dict[str, str]:
    """A header with a fresh client key."""
    return {"Authorization": f"Api-Key {services.create_client_key(by=actor(who), name='k')[1]}"}
