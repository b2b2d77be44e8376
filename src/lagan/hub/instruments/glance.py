"""Facilities at a glance: what each instrument does, what it sent lately, what waits for
somebody."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from django.db.models import Count
from django.utils import timezone

from lagan.hub.base.actors import Actor
from lagan.hub.base.pages import Page
from lagan.hub.instruments.facilities import MANAGES, MOST
from lagan.hub.instruments.filestates import (
    LATELY,
    READS,
    Tally,
    lacking,
    require_instrument,
    tallies,
)
from lagan.hub.instruments.hearing import days, heard
from lagan.hub.instruments.models import WAITING, Registration, Watch
from lagan.hub.tree import queries as tree
from lagan.kit.errors import NotFound

SENDING, QUIET, SILENT, ASKS, UNUSED = "sending", "quiet", "silent", "asks", "unused"
"""What an instrument does: it was heard within the hour, or earlier; its alarm is on; one of its
uploaders waits for approval; it was never heard of."""


@dataclass(frozen=True, slots=True)
class InstrumentRow:
    """A COMPUTER of a facility. `days` are files stored on each of the last days, the oldest first;
    `asks` the wishes for approval that wait; `hours` of silence raise the alarm, if any do."""

    id: int
    name: str
    facility: int
    state: str
    heard_at: datetime | None
    silent_since: datetime | None
    hours: int | None
    asks: int
    tally: Tally
    days: Sequence[int]
    lacking: Sequence[int]
    """Files announced on each of the days that are not stored yet."""

    @property
    def stored(self) -> int:
        """Files in the days."""
        return sum(self.days)


@dataclass(frozen=True, slots=True)
class FacilityRow:
    """A GROUP with its instruments: the first ones by name, where `more` says that there are
    others. `path` is where it is, as people say it."""

    id: int
    name: str
    path: str
    manages: bool
    instruments: Sequence[InstrumentRow] = field(default_factory=list)
    more: bool = False


def glance(by: Actor, *, size: int = 25) -> list[FacilityRow]:
    """The facilities of which the actor manages the instruments, or reads any, by name; of each the
    first `size` instruments. As many readings for many as for few."""
    readable, managed = tree.allowed(by, READS), tree.allowed(by, MANAGES)
    groups = {each.id for each in tree.tops(by, MANAGES, holding="COMPUTER", size=MOST)}
    groups |= {each.id for each in tree.tops(by, READS, holding="COMPUTER", size=MOST)}
    single = [id for id, _ in tree.permitted(by, "COMPUTER", READS, size=MOST)]
    groups |= {each.parent for each in tree.rows(single).values()}
    places = tree.rows(groups)
    computers = tree.children_of(list(groups), type="COMPUTER", size=MOST)
    cut = len(computers) == MOST  # then any facility may have more than was read
    seen = [each for each in computers if each.path in readable]
    found = {each.id: [row for row in seen if row.parent == each.id] for each in places.values()}
    shown = [row for rows in found.values() for row in rows[:size]]
    rows = _instruments(shown)
    paths = tree.full_path(list(places))
    told = [
        FacilityRow(
            each.id, each.name, paths[each.id], each.path in managed,
            [rows[row.id] for row in found[each.id][:size]], cut or len(found[each.id]) > size,
        )
        for each in places.values()
        if cut or found[each.id] or each.path in managed
    ]  # fmt: skip
    return sorted(told, key=lambda each: (each.name.casefold(), each.id))


def facility_page(
    by: Actor, facility: int, *, after: str | None = None, size: int = 50
) -> tuple[FacilityRow, Page[InstrumentRow]]:
    """One facility and a page of its instruments by name. NotFound where none is the actor's to
    read."""
    place = tree.rows([facility]).get(facility)
    if place is None or place.type != "GROUP":
        raise NotFound(f"There is no facility {facility}.", facility=facility)
    page = tree.visible_entities(by, "COMPUTER", parent=facility, after=after, size=size)
    readable, manages = tree.allowed(by, READS), tree.may(by, MANAGES, facility)
    rows = tree.rows([each.pk for each in page.items if each.path in readable])
    if not rows and not manages:
        raise NotFound(f"There is no facility {facility}.", facility=facility)
    found = _instruments(list(rows.values()))
    path = tree.full_path([facility])[facility]
    row = FacilityRow(facility, place.name, path, manages)
    return row, Page([found[each.pk] for each in page.items if each.pk in found], page.next)


def instrument_row(by: Actor, id: int) -> InstrumentRow:
    """One instrument; needs COMPUTER_READ. NotFound."""
    require_instrument(by, id)
    return _instruments(list(tree.rows([id]).values()))[id]


def _instruments(found: Sequence[tree.EntityRow]) -> dict[int, InstrumentRow]:
    ids, now = [each.id for each in found], timezone.now()
    last, drawn, tally = heard(ids), days(ids, now.date()), tallies(ids, now)
    absent = lacking(ids, now)
    asks = dict(
        Registration.objects.filter(state=WAITING, uploader__instrument__in=ids)
        .values_list("uploader__instrument")
        .annotate(Count("pk"))
    )
    watches = Watch.objects.in_bulk(ids)
    rows = {}
    for each in found:
        watch = watches.get(each.id) or Watch(pk=each.id)
        state = state_of(last.get(each.id), watch.silent_since, asks.get(each.id, 0), now)
        rows[each.id] = InstrumentRow(
            each.id, each.name, each.parent, state, last.get(each.id), watch.silent_since,
            watch.hours, asks.get(each.id, 0), tally[each.id], drawn[each.id],
            absent[each.id],
        )  # fmt: skip
    return rows


def state_of(
    heard_at: datetime | None, silent_since: datetime | None, asks: int, now: datetime
) -> str:
    """The one word for an instrument: what needs somebody comes first."""
    if silent_since is not None:
        return SILENT
    if asks:
        return ASKS
    if heard_at is None:
        return UNUSED
    return SENDING if now - heard_at < LATELY else QUIET
