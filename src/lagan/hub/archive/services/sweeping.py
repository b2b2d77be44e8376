"""What killed processes left on volumes is settled here, so that a volume holds what the catalogue
names.

Lines that are in the journal and not in the catalogue are voided and their objects removed, objects
without
a line too, and bytes that arrived for no upload. But a catalogue that is older than the volume (an
old
database was put back) knows less than the truth: then nothing is removed, and the volume is marked
`ahead`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import transaction

from lagan.hub.archive import rules
from lagan.hub.archive.models import Replica, Volume, VolumeState
from lagan.hub.archive.services.copies import drop, named
from lagan.hub.archive.services.registry import kept_keys
from lagan.hub.archive.services.volumes import journal, open_store
from lagan.hub.audit.kinds import Kind
from lagan.hub.audit.services import record
from lagan.hub.base.actors import Actor
from lagan.kit.errors import LaganError, NotFound
from lagan.store import Damage, FileLine, VoidLine
from lagan.store import Volume as StoreVolume

GRACE = timedelta(hours=1)
"""Younger leftovers may be somebody's work in progress."""
AHEAD = timedelta(minutes=15)
"""What reached a volume this long after the catalogue was last known to work there was never known
to it;
the volumes are looked at every five minutes."""
BATCH = 2000


@dataclass(slots=True)
class Swept:
    """What was settled on one volume. `strange` are objects that were left because the journal is
    damaged."""

    volume: str
    voided: int = 0
    removed: list[str] = field(default_factory=list)
    discarded: list[str] = field(default_factory=list)
    strange: list[str] = field(default_factory=list)
    damage: list[str] = field(default_factory=list)
    ahead: bool = False

    def counts(self) -> dict[str, Any]:
        """The same in numbers."""
        return {key: len(v) if isinstance(v, list) else v for key, v in asdict(self).items()}


@dataclass(frozen=True, slots=True)
class _Known:
    """What a journal says before a sweep: lines that do not count, damaged places."""

    void: frozenset[UUID]
    damage: list[str]


def sweep(*, by: Actor, starting: bool = False) -> list[Swept]:
    """Settle every volume that can be written. `starting`: no writer runs yet, so nothing is in
    progress;
    otherwise what is younger than an hour is left for the next time.
    """
    now = datetime.now(UTC)
    before = now if starting else now - GRACE
    swept = []
    for row in Volume.objects.filter(state=VolumeState.ONLINE):
        try:
            swept.append(_sweep(row, before, by))
        except LaganError as error:
            swept.append(Swept(row.name, damage=[error.sentence]))
    return swept


def _sweep(row: Volume, before: datetime, by: Actor) -> Swept:
    swept = Swept(row.name)
    store = open_store(row)
    known = _read(row)
    swept.damage = known.damage
    left = list(_uncatalogued(row, known))
    if row.ahead or any(_is_ahead(row, store, line) for line in left):
        swept.ahead = True
        _mark_ahead(row, len(left), by)
        return swept
    old = [line for line in left if _settled(store, line.object, before)]
    drop(row, [(line.id, line.object) for line in old])
    swept.voided, swept.removed = len(old), sorted({line.object for line in old})
    _remove_void(row, store, known, swept)
    _remove_lineless(row, store, before, swept)
    _discard_pending(row, store, before, swept)
    if swept.voided or swept.removed or swept.discarded:
        with transaction.atomic():
            record(kind=Kind.VOLUME_SWEPT, by=by, data={**swept.counts(), "volume": row.name})
    # What was left for the next time may lie before it.
    at = datetime.now(UTC)
    Volume.objects.filter(pk=row.pk).update(swept_at=before, seen_at=at)
    return swept


def _read(row: Volume) -> _Known:
    void, damage = set(), []
    for each in journal(row).entries():
        if isinstance(each, VoidLine):
            void.add(each.id)
        elif isinstance(each, Damage):
            damage.append(f"{each.place}:{each.line}: {each.reason}")
    return _Known(frozenset(void), damage)


def _lines(row: Volume) -> Iterator[FileLine]:
    return (each for each in journal(row).entries() if isinstance(each, FileLine))


def _uncatalogued(row: Volume, known: _Known) -> Iterator[FileLine]:
    """Lines that count and that no copy in the catalogue has."""
    for some in rules.slices((each for each in _lines(row) if each.id not in known.void), BATCH):
        objects = {each.object for each in some}
        rows = Replica.objects.filter(volume=row, object__in=objects)
        there = set(rows.values_list("object", "offset"))
        yield from (each for each in some if (each.object, each.offset) not in there)


def _is_ahead(row: Volume, store: StoreVolume, line: FileLine) -> bool:
    try:
        at = datetime.fromtimestamp(store.stat(line.object).modified, UTC)
    except NotFound:
        return False
    newest = Replica.objects.filter(volume=row).order_by("-id").values_list("made_at", flat=True)
    known = [each for each in (row.seen_at, newest.first()) if each is not None]
    return not known or at > max(known) + AHEAD


def _mark_ahead(row: Volume, lines: int, by: Actor) -> None:
    if not row.ahead:
        with transaction.atomic():
            Volume.objects.filter(pk=row.pk).update(ahead=True)
            record(kind=Kind.VOLUME_AHEAD, by=by, data={"volume": row.name, "lines": lines})


def _settled(store: StoreVolume, name: str, before: datetime) -> bool:
    """Whether nobody can be at work on the object any more."""
    try:
        return datetime.fromtimestamp(store.stat(name).modified, UTC) < before
    except NotFound:
        return True


def _remove_void(row: Volume, store: StoreVolume, known: _Known, swept: Swept) -> None:
    """Objects whose lines were voided by somebody who died before he could remove them."""
    void = (each.object for each in _lines(row) if each.id in known.void)
    for some in rules.slices(void, BATCH):
        _remove(row, store, some, swept)


def _remove(row: Volume, store: StoreVolume, names: Iterable[str], swept: Swept) -> None:
    for name in sorted(set(names) - named(row, set(names))):
        if store.delete(name):
            swept.removed.append(name)


def _remove_lineless(row: Volume, store: StoreVolume, before: datetime, swept: Swept) -> None:
    """Objects that were named but never came into the journal. Where it is damaged, nobody can know
    that."""
    for prefix in _prefixes(row):
        objects = (
            each.name
            for each in store.list(prefix)
            if datetime.fromtimestamp(each.modified, UTC) < before
        )
        for some in rules.slices(objects, BATCH):
            if swept.damage:
                swept.strange += sorted(set(some) - named(row, some))
            else:
                _remove(row, store, some, swept)


def _prefixes(row: Volume) -> list[str]:
    """Where objects may lie that are younger than the last sweep: their names begin with their
    day."""
    if row.swept_at is None:
        return ["files/", "packs/"]
    first = (row.swept_at - timedelta(days=1)).date()
    days = [first + timedelta(days=n) for n in range((_today() - first).days + 2)]
    return [f"{kind}/{day:%Y/%m/%d}/" for day in days for kind in ("files", "packs")]


def _today() -> date:
    return datetime.now(UTC).date()


def _discard_pending(row: Volume, store: StoreVolume, before: datetime, swept: Swept) -> None:
    """Bytes that arrived under keys nobody means to go on with."""
    kept = kept_keys(row.id)
    for each in list(store.pending()):
        if each.name in kept or datetime.fromtimestamp(each.modified, UTC) >= before:
            continue
        try:
            store.resume(each.name, size=0).discard()
        except LaganError:
            continue  # locked by who is writing it, or gone
        swept.discarded.append(each.name)
