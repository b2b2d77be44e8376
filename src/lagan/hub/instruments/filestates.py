"""What became of files that programs announced: how many are stored, and which are not, and why."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from django.db.models import Count, Q, QuerySet
from django.db.models.functions import TruncDate
from django.utils import timezone

from lagan.hub.base.actors import Actor
from lagan.hub.base.pages import Page, page_by_key
from lagan.hub.datasets import queries as datasets
from lagan.hub.datasets.queries import DatasetRow
from lagan.hub.instruments.hearing import DAYS
from lagan.hub.instruments.models import DataFile, Uploader
from lagan.hub.tree import queries as tree
from lagan.hub.tree import services as tree_services
from lagan.kit.errors import NotFound

READS = "COMPUTER_READ"
VERIFIED, COMING, MISSING, REFUSED = "verified", "coming", "missing", "refused"
"""A file is stored and was compared; it was announced just now; it was announced and did not come;
it was tried and not taken in."""
FILE_STATES = (VERIFIED, COMING, MISSING, REFUSED)
LATELY = timedelta(hours=1)


def require_instrument(by: Actor, id: int) -> None:
    """NotFound for what is no instrument that the actor sees, Forbidden for one that it may not
    read."""
    if tree_services.require(actor=by, permission=READS, entity=id).type != "COMPUTER":
        raise NotFound(f"There is no instrument {id}.", instrument=id)


@dataclass(frozen=True, slots=True)
class Tally:
    """Files that are not stored, by what keeps them; `unsent` is what uploaders told that they
    could not send in their last run."""

    coming: int = 0
    missing: int = 0
    refused: int = 0
    unsent: int = 0

    @property
    def wrong(self) -> int:
        """Files that somebody should look after."""
        return self.missing + self.refused + self.unsent


def lacking(instruments: Collection[int], now: datetime) -> dict[int, list[int]]:
    """Files announced on each of the last days that are not stored, by instrument; one reading."""
    first = now.date() - timedelta(days=DAYS - 1)
    told = {each: [0] * DAYS for each in instruments}
    rows = DataFile.objects.exclude(staged="").filter(instrument__in=instruments)
    by_day = rows.annotate(day=TruncDate("announced_at", tzinfo=UTC)).values_list(
        "instrument", "day"
    )
    for instrument, day, number in by_day.annotate(Count("pk")):
        if 0 <= (place := (day - first).days) < DAYS:
            told[instrument][place] = number
    return told


def tallies(instruments: Collection[int], now: datetime) -> dict[int, Tally]:
    """What is not stored, by instrument; two readings."""
    waiting = DataFile.objects.exclude(staged="").filter(instrument__in=instruments)
    counts = waiting.values_list("instrument").annotate(
        **{each: Count("pk", filter=_condition(each, now)) for each in FILE_STATES[1:]}
    )
    by_state = {instrument: Tally(*numbers) for instrument, *numbers in counts}
    unsent: dict[int, int] = dict.fromkeys(instruments, 0)
    programs = Uploader.objects.filter(instrument__in=instruments)
    for instrument, report in programs.values_list("instrument", "report"):
        unsent[instrument] += int(report.get("failed", 0))
    return {each: replace(by_state.get(each, Tally()), unsent=unsent[each]) for each in instruments}


def _condition(state: str, now: datetime) -> Q:
    """Files in that state; every file is in one."""
    if state == VERIFIED:
        return Q(staged="")
    if state == REFUSED:
        return ~Q(staged="") & ~Q(problem="")
    fresh = Q(announced_at__gt=now - LATELY)
    return ~Q(staged="") & Q(problem="") & (fresh if state == COMING else ~fresh)


@dataclass(frozen=True, slots=True)
class AnnouncedRow:
    """A file that a program announced, with what became of it and why."""

    id: int
    dataset: int
    dataset_name: str
    path: str
    size: int
    state: str
    reason: str
    announced_at: datetime
    stored_at: datetime | None


def announced(
    by: Actor, instrument: int, *, state: str = "", after: str | None = None, size: int = 50
) -> Page[AnnouncedRow]:
    """Files that programs announced from an instrument, the newest first, in a state or in any;
    only those of datasets that the actor may read or change. Needs COMPUTER_READ on it."""
    require_instrument(by, instrument)
    now = timezone.now()
    rows = _readable_files(by).filter(instrument=instrument)
    if state in FILE_STATES:
        rows = rows.filter(_condition(state, now))
    page = page_by_key(rows, keys=("-id",), after=after, size=size)
    names = tree.rows({each.dataset_id for each in page.items})
    return Page([_told(each, names, now) for each in page.items], page.next)


def _readable_files(by: Actor) -> QuerySet[DataFile]:
    known = tree.allowed_any(by, ["DATASET_READ", "DATASET_CHANGE"])
    return DataFile.objects.filter(tree.within(known, "dataset__entity__path"))


def _told(row: DataFile, names: Mapping[int, tree.EntityRow], now: datetime) -> AnnouncedRow:
    if not row.staged:
        state = VERIFIED
    elif row.problem:
        state = REFUSED
    else:
        state = COMING if now - row.announced_at < LATELY else MISSING
    name = names[row.dataset_id].name if row.dataset_id in names else ""
    return AnnouncedRow(
        row.pk, row.dataset_id, name, row.path, row.size, state, row.problem, row.announced_at,
        row.stored_at,
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class SentDataset:
    """A dataset from an instrument, and how many of its announced files are not stored."""

    row: DatasetRow
    unverified: int


def recent(by: Actor, instruments: Sequence[int], *, size: int = 10) -> list[SentDataset]:
    """The newest datasets from some instruments that the actor may read."""
    rows = datasets.of_computers(by, instruments, size=size)
    waiting = DataFile.objects.exclude(staged="").filter(dataset__in=[each.id for each in rows])
    left = dict(waiting.values_list("dataset").annotate(Count("pk")))
    return [SentDataset(each, left.get(each.id, 0)) for each in rows]
