"""Day tokens: issued to who has signed in otherwise, good for a day, revoked by who has one.

Source: seeds/preservation-packages.txt, functions of the API.
"""

from __future__ import annotations

import secrets
from datetime import timedelta

from django.db import transaction
from django.utils import timezone

from lagan.hub.accounts import queries, rules
from lagan.hub.accounts.models import DayToken
from lagan.hub.accounts.services.guards import refuse_client_key
from lagan.hub.audit.kinds import Kind
from lagan.hub.audit.services import record
from lagan.hub.base.actors import Actor
from lagan.kit.errors import Forbidden

LIFETIME = timedelta(days=1)
MOST = 20
"""Tokens of one user that are good at the same time; one more ends the oldest."""


@transaction.atomic
def issue_day_token(*, by: Actor) -> str:
    """A new token of one's own, 40 hex digits, which is told this once. Forbidden for client keys
    and for day tokens: what they could get would outlive them."""
    refuse_client_key(by)
    if by.credential == queries.DAY_TOKEN:
        raise Forbidden("A day token does not make another one.")
    user, now = queries.user_of(by), timezone.now()
    DayToken.objects.filter(expires__lte=now).delete()
    older = user.day_tokens.order_by("-id").values_list("id", flat=True)[MOST - 1 :]
    DayToken.objects.filter(id__in=list(older)).delete()
    text = secrets.token_hex(20)
    DayToken.objects.create(
        user=user, hash=rules.key_hash(text), mark=rules.password_mark(user.password),
        created=now, expires=now + LIFETIME,
    )  # fmt: skip
    record(kind=Kind.DAY_TOKEN_ISSUED, by=by, subject=user.entity_id)
    return text


@transaction.atomic
def revoke_day_token(*, by: Actor, token: str) -> None:
    """End one of one's own tokens at once."""
    user = queries.user_of(by)
    gone, _ = user.day_tokens.filter(hash=rules.key_hash(token)).delete()
    if gone:
        record(kind=Kind.DAY_TOKEN_REVOKED, by=by, subject=user.entity_id)
