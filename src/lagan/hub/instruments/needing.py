"""Who and what needs somebody: uploaders as those see them who decide, silent instruments, keys
that wait."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Count, Min, Q

from lagan.hub.base.actors import Actor
from lagan.hub.instruments.approving import DECIDES
from lagan.hub.instruments.facilities import MOST
from lagan.hub.instruments.filestates import READS
from lagan.hub.instruments.models import WAITING, Registration, Uploader, Watch
from lagan.hub.instruments.uploaders import known
from lagan.hub.tree import queries as tree
from lagan.kit.errors import NotFound


def uploader_seen(by: Actor, id: int) -> Uploader:
    """An uploader of a facility that the actor manages, or on whose keys it decides, or one that it
    made. NotFound."""
    decides = tree.within(tree.allowed(by, DECIDES), "facility__path")
    found = Uploader.objects.filter(Q(pk__in=known(by)) | decides, pk=id) if id < 2**63 else None
    row = None if found is None else found.select_related("facility", "instrument").first()
    if row is None:
        raise NotFound(f"There is no uploader {id}.", uploader=id)
    return row


def decides(by: Actor, facility: int) -> bool:
    """Whether the actor approves keys for the facility."""
    return tree.may(by, DECIDES, facility)


def uploaders_of(by: Actor, instrument: int) -> list[Uploader]:
    """Those of an instrument, the one heard of last first; the caller has seen the instrument."""
    rows = Uploader.objects.filter(instrument=instrument).order_by("-seen_at")
    return list(rows[:MOST])


@dataclass(frozen=True, slots=True)
class Needing:
    """An instrument that needs somebody: its alarm is on, or so many keys ask for approval; the
    `uploader` asked first."""

    id: int
    name: str
    silent_since: datetime | None
    asks: int = 0
    uploader: int | None = None


def needing(by: Actor, *, size: int = 5) -> list[Needing]:
    """The first of the instruments that need the actor: silent ones that it reads, wishes on which
    it decides."""
    silent = Watch.objects.filter(
        tree.within(tree.allowed(by, READS), "instrument__path"), silent_since__isnull=False
    ).order_by("silent_since")[:size]
    since = {each.pk: each.silent_since for each in silent}
    decides = tree.within(tree.allowed(by, DECIDES), "uploader__facility__path")
    waiting = Registration.objects.filter(
        decides, state=WAITING, uploader__instrument__isnull=False
    ).values_list("uploader__instrument")
    counted = waiting.annotate(Count("pk"), Min("uploader")).order_by("uploader__instrument")
    asks = {instrument: told for instrument, *told in counted[:size]}
    names = tree.rows([*since, *asks])
    ids = list(dict.fromkeys([*since, *asks]))[:size]
    return [
        Needing(each, names[each].name, since.get(each), *asks.get(each, ()))
        for each in ids
        if each in names
    ]


def asking(uploaders: Sequence[Uploader]) -> set[int]:
    """Those of some uploaders of which a key waits to be approved."""
    rows = Registration.objects.filter(state=WAITING, uploader__in=uploaders)
    return set(rows.values_list("uploader", flat=True))
