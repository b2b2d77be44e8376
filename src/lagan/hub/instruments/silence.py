"""Instruments that fall silent: after how long that is an alarm, when it goes off and when it is
over."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction
from django.utils import timezone

from lagan.hub.audit.kinds import Kind
from lagan.hub.audit.services import record
from lagan.hub.base.actors import SYSTEM, Actor
from lagan.hub.instruments.hearing import heard
from lagan.hub.instruments.models import Watch
from lagan.hub.tree import queries as tree_queries
from lagan.hub.tree import services as tree
from lagan.kit.errors import BadInput, NotFound

EVERY = timedelta(minutes=5)
"""How often silence is looked for."""
LONGEST = 24 * 366
"""Hours: a longer silence than a year's is no alarm."""


@dataclass(frozen=True, slots=True)
class WatchedRow:
    """An instrument with an alarm: hours of silence until it goes off, when it was last heard of,
    since when the alarm is on."""

    instrument: int
    name: str
    hours: int
    heard_at: datetime | None
    silent_since: datetime | None


@transaction.atomic
def set_alarm(*, by: Actor, instrument: int, hours: int | None) -> None:
    """Raise an alarm after so many hours of silence, counted from now at the earliest; None for
    never. Needs COMPUTER_CHANGE. BadInput."""
    entity = tree.require(actor=by, permission="COMPUTER_CHANGE", entity=instrument)
    if entity.type != "COMPUTER":
        raise NotFound(f"There is no instrument {instrument}.", instrument=instrument)
    if hours is not None and not 1 <= hours <= LONGEST:
        raise BadInput(f"An alarm comes after 1 to {LONGEST} hours.", field="hours")
    Watch.objects.get_or_create(pk=instrument)
    watch = Watch.objects.select_for_update().get(pk=instrument)
    if watch.hours == hours:
        return
    watch.hours, watch.set_at, watch.silent_since = hours, timezone.now(), None
    watch.save(update_fields=["hours", "set_at", "silent_since"])
    record(kind=Kind.INSTRUMENT_ALARM_SET, by=by, subject=instrument, data={"hours": hours})


def is_silent(hours: int, heard_at: datetime | None, set_at: datetime, now: datetime) -> bool:
    """Whether nothing was heard for so many hours, nor was the alarm set in them."""
    return now - max(heard_at or set_at, set_at) >= timedelta(hours=hours)


def look(now: datetime | None = None) -> None:
    """Raise alarms and end them, each with an event."""
    now = now or timezone.now()
    watched = list(Watch.objects.filter(hours__isnull=False, set_at__isnull=False).order_by("pk"))
    last = heard([each.pk for each in watched])
    for each in watched:
        assert each.hours is not None  # noqa: S101 - asked for above
        assert each.set_at is not None  # noqa: S101
        silent = is_silent(each.hours, last.get(each.pk), each.set_at, now)
        if silent != (each.silent_since is not None):
            _turn(each.pk, last.get(each.pk), now if silent else None)


@transaction.atomic
def _turn(instrument: int, heard_at: datetime | None, since: datetime | None) -> None:
    watch = Watch.objects.select_for_update().get(pk=instrument)
    if watch.hours is None or (watch.silent_since is None) == (since is None):
        return  # somebody was quicker
    watch.silent_since = since
    watch.save(update_fields=["silent_since"])
    kind = Kind.INSTRUMENT_HEARD if since is None else Kind.INSTRUMENT_SILENT
    told = {"hours": watch.hours, "heard": heard_at.isoformat() if heard_at else None}
    record(kind=kind, by=SYSTEM, subject=instrument, data=told)


def watched() -> list[WatchedRow]:
    """Every instrument with an alarm. Asks no permission."""
    rows = list(Watch.objects.filter(hours__isnull=False).order_by("pk"))
    names = tree_queries.rows([each.pk for each in rows])
    last = heard([each.pk for each in rows])
    return [
        WatchedRow(
            each.pk, names[each.pk].name, each.hours or 0, last.get(each.pk), each.silent_since
        )
        for each in rows
        if each.pk in names
    ]
