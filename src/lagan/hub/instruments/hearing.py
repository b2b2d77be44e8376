"""What was heard of instruments: files a day from the record, each event counted once, and when
anything last came."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from datetime import date, datetime, timedelta

from django.db import transaction
from django.db.models import F, Max

from lagan.hub.audit.feed import Reaction
from lagan.hub.audit.kinds import Kind
from lagan.hub.audit.rules import EventRow
from lagan.hub.datasets import queries as datasets
from lagan.hub.instruments.models import Day, Uploader, Watch
from lagan.hub.tree import queries as tree

DAYS = 14
"""Days that a page draws."""


def count(events: Sequence[EventRow]) -> None:
    """Add files that were stored to the days of their instruments. Told of an event again, nothing
    is added: the last one that was counted is noted in the same transaction."""
    sources = {
        each.id: each.computer_id
        for each in datasets.with_ids([each.subject for each in events if each.subject])
    }
    told: dict[int, list[EventRow]] = defaultdict(list)
    for each in events:
        instrument = sources.get(each.subject or 0)
        if instrument is not None:
            told[instrument].append(each)
    there = tree.rows(list(told))
    for instrument in sorted(there):
        _count(instrument, told[instrument])


@transaction.atomic
def _count(instrument: int, events: Iterable[EventRow]) -> None:
    Watch.objects.get_or_create(pk=instrument)
    watch = Watch.objects.select_for_update().get(pk=instrument)
    fresh = [each for each in events if each.sequence > watch.counted]
    if not fresh:
        return
    files: dict[date, int] = defaultdict(int)
    for each in fresh:
        files[each.at.date()] += int(each.data.get("count", 0))
    for day, number in files.items():
        Day.objects.get_or_create(instrument_id=instrument, day=day)
        Day.objects.filter(instrument=instrument, day=day).update(files=F("files") + number)
    newest = max(each.at for each in fresh)
    watch.stored_at = max(newest, watch.stored_at or newest)
    watch.counted = max(each.sequence for each in fresh)
    watch.save(update_fields=["stored_at", "counted"])


REACTION = Reaction("instruments.days", frozenset({Kind.FILES_STORED}), count)


def days(instruments: Collection[int], today: date) -> dict[int, list[int]]:
    """Files stored on each of the last days, the oldest first, by instrument; one reading."""
    first = today - timedelta(days=DAYS - 1)
    told = {each: [0] * DAYS for each in instruments}
    for row in Day.objects.filter(instrument__in=instruments, day__gte=first, day__lte=today):
        told[row.instrument_id][(row.day - first).days] = row.files
    return told


def heard(instruments: Collection[int]) -> dict[int, datetime]:
    """When a program on an instrument last spoke to the hub, or a file from it was last stored;
    none where neither ever was. Two readings."""
    last = dict(
        Uploader.objects.filter(instrument__in=instruments)
        .values_list("instrument")
        .annotate(Max("seen_at"))
    )
    for watch in Watch.objects.filter(pk__in=instruments):
        if at := watch.stored_at:
            last[watch.pk] = max(at, last.get(watch.pk, at))
    return last
