"""What facilities see of their instruments: when they were heard last, what they sent, what waits,
and why."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from lagan.hub.base.actors import Actor
from lagan.hub.datasets import queries as datasets
from lagan.hub.instruments.facilities import Instrument, instruments
from lagan.hub.instruments.models import DataFile, Registration, Uploader

MOST_WAITING = 200


@dataclass(frozen=True, slots=True)
class InstrumentState:
    """An instrument, its uploaders' last word, and what came from it; `seen` is None where nothing
    was ever heard."""

    instrument: Instrument
    seen: datetime | None
    datasets: int
    files: int
    bytes: int
    waiting: int
    """Files that were announced and are not stored, at most 200 of each instrument counted."""
    failed: int
    """Files that could not be sent in the last run."""


@dataclass(frozen=True, slots=True)
class Waiting:
    """A file that was announced and is not stored, and why; the reason is empty until it was looked
    at."""

    file: int
    dataset: int
    path: str
    size: int
    announced: datetime
    reason: str


def overview(by: Actor, *, facility: int | None = None) -> list[InstrumentState]:
    """The instruments of the facilities that the actor manages, or of one of them. A few readings,
    however many there are."""
    found = instruments(by, facility=facility)
    ids = [each.id for each in found]
    sums = datasets.sums_of_computers(ids)
    heard: dict[int, list[Uploader]] = {}
    for row in Uploader.objects.filter(instrument__in=ids):
        heard.setdefault(row.instrument_id or 0, []).append(row)
    late: dict[int, int] = {}
    rows = DataFile.objects.exclude(staged="").filter(instrument__in=ids)
    for instrument in rows.values_list("instrument", flat=True)[: MOST_WAITING * max(1, len(ids))]:
        late[instrument or 0] = late.get(instrument or 0, 0) + 1
    return [
        _state(each, heard.get(each.id, ()), sums.get(each.id, (0, 0, 0)), late.get(each.id, 0))
        for each in found
    ]


def _state(
    instrument: Instrument, programs: Sequence[Uploader], sums: tuple[int, int, int], late: int
) -> InstrumentState:
    seen = max((each.seen_at for each in programs), default=None)
    failed = sum(int(each.report.get("failed", 0)) for each in programs)
    return InstrumentState(instrument, seen, *sums, late, failed)


def waiting_of(row: Uploader) -> list[Waiting]:
    """What the uploader announced and what is not stored, the oldest first."""
    rows = DataFile.objects.exclude(staged="").filter(uploader=row).order_by("announced_at")
    return [
        Waiting(each.pk, each.dataset_id, each.path, each.size, each.announced_at, each.problem)
        for each in rows[:MOST_WAITING]
    ]


def awaited(dataset: int) -> int:
    """How many files of a dataset were announced and are not stored, counted up to 200."""
    rows = DataFile.objects.exclude(staged="").filter(dataset=dataset)
    return len(rows.values_list("pk", flat=True)[:MOST_WAITING])


def registrations_of(rows: Sequence[Uploader]) -> dict[int, list[Registration]]:
    """The wishes of some uploaders, oldest first, in one reading."""
    found: dict[int, list[Registration]] = {each.pk: [] for each in rows}
    for each in Registration.objects.filter(uploader__in=rows).order_by("id"):
        found[each.uploader_id].append(each)
    return found
