"""Facilities at a glance: what each instrument sent lately, what is missing, what was not taken in,
and what waits for somebody."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

from django.db.models import Count, Min, Q, QuerySet
from django.db.models.functions import TruncDate
from django.utils import timezone

from lagan.hub.base.actors import Actor
from lagan.hub.base.pages import Page, page_by_key
from lagan.hub.datasets import queries as datasets
from lagan.hub.datasets.queries import DatasetRow
from lagan.hub.instruments.approving import DECIDES
from lagan.hub.instruments.facilities import MANAGES, MOST
from lagan.hub.instruments.hearing import DAYS, days, heard
from lagan.hub.instruments.models import WAITING, DataFile, Registration, Uploader, Watch
from lagan.hub.instruments.uploaders import known
from lagan.hub.tree import queries as tree
from lagan.hub.tree import services as tree_services
from lagan.kit.errors import NotFound

READS = "COMPUTER_READ"
SENDING, QUIET, SILENT, ASKS, UNUSED = "sending", "quiet", "silent", "asks", "unused"
"""What an instrument does: it was heard within the hour, or earlier; its alarm is on; one of its
uploaders waits for approval; it was never heard of."""
VERIFIED, COMING, MISSING, REFUSED = "verified", "coming", "missing", "refused"
"""What became of a file: it is stored and was compared; it was announced just now; it was announced
and did not come; it was tried and not taken in."""
FILE_STATES = (VERIFIED, COMING, MISSING, REFUSED)
LATELY = timedelta(hours=1)


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
    seen = [each for each in computers if each.path in readable]
    found = {each.id: [row for row in seen if row.parent == each.id] for each in places.values()}
    shown = [row for rows in found.values() for row in rows[:size]]
    rows = _instruments(shown)
    paths = tree.full_path(list(places))
    told = [
        FacilityRow(
            each.id, each.name, paths[each.id], each.path in managed,
            [rows[row.id] for row in found[each.id][:size]], len(found[each.id]) > size,
        )
        for each in places.values()
        if found[each.id] or each.path in managed
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
    entity = tree_services.require(actor=by, permission=READS, entity=id)
    if entity.type != "COMPUTER":
        raise NotFound(f"There is no instrument {id}.", instrument=id)
    return _instruments(list(tree.rows([id]).values()))[id]


def _instruments(found: Sequence[tree.EntityRow]) -> dict[int, InstrumentRow]:
    ids, now = [each.id for each in found], timezone.now()
    last, drawn, tallies = heard(ids), days(ids, now.date()), _tallies(ids, now)
    lacking = _lacking(ids, now)
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
            watch.hours, asks.get(each.id, 0), tallies[each.id], drawn[each.id],
            lacking[each.id],
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


def _lacking(instruments: Collection[int], now: datetime) -> dict[int, list[int]]:
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


def _tallies(instruments: Collection[int], now: datetime) -> dict[int, Tally]:
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
    instrument_row(by, instrument)
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
