"""Day tokens stand for a person for a day, where they are taken, until they are revoked."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from lagan.hub.accounts import queries, services
from lagan.hub.accounts.models import DayToken
from lagan.hub.accounts.services.day_tokens import MOST
from lagan.hub.audit.models import Event
from lagan.hub.base.actors import SYSTEM
from lagan.kit.errors import Forbidden, NotSignedIn
from tests.hub.accounts.cast import Cast, actor


def test_a_token_is_its_owners_and_is_kept_as_a_hash(cast: Cast):
    text = services.issue_day_token(by=actor(cast.ben))
    found = queries.by_day_token(text)
    assert (found.entity, found.credential) == (cast.ben.entity_id, "day-token")
    assert text not in str(list(DayToken.objects.values()))
    assert text not in str(list(Event.objects.values()))
    with pytest.raises(NotSignedIn):
        queries.authenticate(authorization=f"Token {text}")


def test_only_its_owner_revokes_it(cast: Cast):
    text = services.issue_day_token(by=actor(cast.ben))
    services.revoke_day_token(by=actor(cast.ada), token=text)
    queries.by_day_token(text)
    services.revoke_day_token(by=actor(cast.ben), token=text)
    with pytest.raises(NotSignedIn):
        queries.by_day_token(text)


def test_it_ends_after_a_day_with_a_new_password_and_with_its_user(cast: Cast):
    old, changed, left = (services.issue_day_token(by=actor(cast.ben)) for _ in range(3))
    rows = list(DayToken.objects.order_by("id"))
    DayToken.objects.filter(pk=rows[0].pk).update(expires=timezone.now() - timedelta(seconds=1))
    with pytest.raises(NotSignedIn):
        queries.by_day_token(old)
    cast.ben.set_password("another long pass phrase")
    cast.ben.save()
    with pytest.raises(NotSignedIn):
        queries.by_day_token(changed)
    services.anonymise(by=SYSTEM, username=cast.ben.username)
    with pytest.raises(NotSignedIn):
        queries.by_day_token(left)
    assert not DayToken.objects.exists()


def test_no_key_and_no_token_makes_another(cast: Cast):
    from lagan.hub.base.actors import Actor

    for credential in ("client-key", "day-token"):
        with pytest.raises(Forbidden):
            services.issue_day_token(by=Actor(cast.ben.entity_id, "ben", credential))


def test_the_oldest_ends_when_there_are_too_many(cast: Cast):
    first, *others = (services.issue_day_token(by=actor(cast.ben)) for _ in range(MOST + 1))
    with pytest.raises(NotSignedIn):
        queries.by_day_token(first)
    assert all(queries.by_day_token(each) for each in others)


@pytest.mark.parametrize("text", ["", "x" * 10_000, "\x00", "ž" * 40])
def test_garbage_is_no_token(cast: Cast, text: str):
    with pytest.raises(NotSignedIn):
        queries.by_day_token(text)
