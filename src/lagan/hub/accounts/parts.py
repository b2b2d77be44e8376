"""What this room and those beneath it keep about a person."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.db.models import QuerySet

from lagan.hub.accounts.models import User
from lagan.hub.accounts.personal import Part, Row, register_personal
from lagan.hub.accounts.services.leaving import forget_account
from lagan.hub.accounts.services.sessions import end_visits
from lagan.hub.audit import queries as audit
from lagan.hub.tree import personal as tree

_RECORD = (
    "The record of what was done is a chain that nobody can shorten: it keeps the number of the "
    "person's entity and the user name under which they acted, so that research data can be traced."
)


def register() -> None:
    """Tell them to `personal`."""
    for part in (
        Part("account", "Account", _account, forget_account, order=10),
        Part("logins", "Logins elsewhere", _logins, _forget("logins"), order=20),
        Part("factors", "Second factors", _factors, _forget_factors, order=30),
        Part("sessions", "Sessions", _sessions, _forget_sessions, order=40),
        Part("keys", "Client keys", _keys, _forget("client_keys"), order=50),
        Part("day-tokens", "Tokens for a day", _day_tokens, _forget("day_tokens"), order=55),
        Part("metadata", "Metadata of the person", tree.metadata, tree.forget_metadata, order=60),
        Part("memberships", "Memberships", tree.memberships, tree.forget_memberships, order=70),
        Part("grants", "Permissions", tree.grants, tree.forget_grants, order=80),
        Part("events", "What was done by and to the person", audit.about, stays=_RECORD, order=900),
    ):
        register_personal(part)


def _rows(query: QuerySet[Any], *names: str) -> Iterator[Row]:
    return iter(query.order_by("id").values(*names))


def _of(entity: int) -> User:
    return User.objects.get(entity=entity)


def _account(entity: int) -> Iterator[Row]:
    names = ("username", "email", "email_confirmed", "full_name", "first_name", "last_name")
    more = ("orcid", "is_active", "date_joined", "last_login", "entity_id")
    return _rows(User.objects.filter(entity=entity), *names, *more)


def _logins(entity: int) -> Iterator[Row]:
    names = ("provider", "issuer", "subject", "shown", "created", "last_used")
    return _rows(_of(entity).logins.all(), *names)


def _factors(entity: int) -> Iterator[Row]:
    names = ("type", "confirmed", "created", "last_used")
    return _rows(_of(entity).factors.all(), *names)


def _sessions(entity: int) -> Iterator[Row]:
    return _rows(_of(entity).visits.all(), "how", "begun", "seen", "address", "program")


def _keys(entity: int) -> Iterator[Row]:
    names = ("name", "prefix", "created", "last_used", "revoked")
    return _rows(_of(entity).client_keys.all(), *names)


def _day_tokens(entity: int) -> Iterator[Row]:
    return _rows(_of(entity).day_tokens.all(), "created", "expires")


def _forget(related: str) -> Any:
    def forget(entity: int) -> None:
        getattr(_of(entity), related).all().delete()

    return forget


def _forget_factors(entity: int) -> None:
    user = _of(entity)
    user.factors.all().delete()
    user.recovery_codes.all().delete()


def _forget_sessions(entity: int) -> None:
    end_visits(_of(entity))
