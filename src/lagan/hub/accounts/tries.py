"""How often somebody may try: counted in the database, for all processes of the hub together."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from django.db import transaction
from django.utils import timezone

from lagan.hub.accounts import sealed
from lagan.hub.accounts.errors import LockedOut
from lagan.hub.accounts.models import Tries


@dataclass(frozen=True, slots=True)
class Limit:
    """At most `count` tries of one kind within `span`."""

    kind: str
    count: int
    span: timedelta

    def name(self, who: str) -> str:
        """The row that counts for `who`; addresses and names are not kept as such."""
        return f"{self.kind}:{sealed.keyed_hash('tries', who)[:32]}"


SECOND_FACTOR = Limit("otp", 5, timedelta(minutes=15))
LETTERS = Limit("letters", 3, timedelta(hours=1))
ASKERS = Limit("askers", 60, timedelta(hours=1))
PROVIDERS = Limit("provider", 50, timedelta(minutes=15))
"""These two count a network address, which may be a whole institute's."""


def look(limit: Limit, who: str) -> None:
    """LockedOut when there were too many; counts nothing."""
    row = Tries.objects.filter(name=limit.name(who)).first()
    if row is not None:
        _refuse_full(limit, row)


def _refuse_full(limit: Limit, row: Tries) -> None:
    left = row.began + limit.span - timezone.now()
    if left > timedelta(0) and row.count >= limit.count:
        minutes = max(1, round(left.total_seconds() / 60))
        raise LockedOut(f"Too many tries; try again in {minutes} minutes.", minutes=minutes)


@transaction.atomic
def count(limit: Limit, who: str) -> None:
    """One more try. LockedOut when there were too many; that is counted even if what follows
    fails, as long as the caller has no transaction open."""
    name, now = limit.name(who), timezone.now()
    row, _ = Tries.objects.select_for_update().get_or_create(name=name)
    if now - row.began > limit.span:
        row.count, row.began = 0, now
    _refuse_full(limit, row)
    row.count += 1
    row.save()


def forget(limit: Limit, who: str) -> None:
    """Begin to count anew: it went well, or an administrator says so."""
    Tries.objects.filter(name=limit.name(who)).delete()


def sweep() -> None:
    """What is older than a day limits nothing."""
    Tries.objects.filter(began__lt=timezone.now() - timedelta(days=1)).delete()
