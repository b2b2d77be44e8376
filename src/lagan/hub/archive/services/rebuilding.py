"""The catalogue comes back from volumes alone: the newest good snapshot, then what the journals say
since.

All in one transaction: either the catalogue is whole again or it is as empty as before.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import chain, groupby
from uuid import UUID

from django.conf import settings
from django.db import transaction

from lagan.hub.archive import rules
from lagan.hub.archive.errors import NotEmpty, VolumeAway
from lagan.hub.archive.models import (
    File,
    Hub,
    Replica,
    StorageSet,
    Volume,
    VolumeRole,
    VolumeState,
)
from lagan.hub.archive.services.claiming import claim, note_missing
from lagan.hub.archive.services.lines import as_first
from lagan.hub.archive.services.registry import exporters
from lagan.hub.archive.services.replaying import Replay, replay
from lagan.hub.archive.services.snapshots import newest_good, read_snapshot
from lagan.hub.archive.services.volumes import (
    ADDED,
    forget_opened,
    hub_id,
    journal,
    present,
    tally_volumes,
)
from lagan.hub.audit.kinds import Kind
from lagan.hub.audit.services import record
from lagan.hub.base.actors import Actor
from lagan.kit.errors import BadInput, LaganError
from lagan.store import FileLine, Identity, Journal, NoteLine, identify, open_volume
from lagan.store import Volume as StoreVolume

BATCH = 2000


@dataclass(slots=True)
class Rebuilt:
    """What came back, and what a person should look at: `damage` are lines of journals that could
    not be read,
    `conflicts` files that two lines disagree about, `unclaimed` objects that nothing names.
    """

    snapshot: str | None = None
    volumes: list[str] = field(default_factory=list)
    away: list[str] = field(default_factory=list)
    files: int = 0
    replicas: int = 0
    missing: int = 0
    claimed: int = 0
    damage: list[str] = field(default_factory=list)
    conflicts: list[str] = field(default_factory=list)
    unclaimed: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class _Place:
    store: StoreVolume
    identity: Identity


def rebuild(*, by: Actor, locations: Sequence[str]) -> Rebuilt:
    """Fill an empty catalogue from the volumes at `locations` and those that their snapshot knows.

    NotEmpty if the catalogue has files; VolumeAway if a location holds no volume. Volumes that are
    known but
    cannot be reached come back as `missing`, their copies with them.
    """
    if File.objects.exists():
        raise NotEmpty("The catalogue has files: only an empty one can be rebuilt.")
    places = _places(locations)
    rebuilt = Rebuilt()
    forget_opened()
    with transaction.atomic():
        _restore(places, rebuilt)
        for row in _rows(places, rebuilt):
            _take_in(row, rebuilt)
        _adopt()
        rebuilt.files, rebuilt.replicas = File.objects.count(), Replica.objects.count()
        tally_volumes()
        facts = {"snapshot": rebuilt.snapshot, "files": rebuilt.files, "volumes": rebuilt.volumes}
        record(kind=Kind.CATALOGUE_REBUILT, by=by, data=facts)
    return rebuilt


def take_in(*, by: Actor, volume: Volume) -> Rebuilt:
    """Take in what a volume's journal says and this catalogue does not know, after an older
    database was put
    back; the volume is `ahead` no more.
    """
    rebuilt = Rebuilt()
    with transaction.atomic():
        _take_in(volume, rebuilt)
        _adopt()
        Volume.objects.filter(pk=volume.pk).update(ahead=False, seen_at=datetime.now(UTC))
        rebuilt.files, rebuilt.replicas = File.objects.count(), Replica.objects.count()
        facts = {"snapshot": None, "files": rebuilt.files, "volumes": [volume.name]}
        record(kind=Kind.CATALOGUE_REBUILT, by=by, data=facts)
    return rebuilt


def _places(locations: Sequence[str]) -> list[_Place]:
    found: dict[UUID, _Place] = {}
    for location in locations:
        try:
            store = open_volume(location, spool=str(settings.CONFIG.data / "spool"))
            place = _Place(store, identify(store))
        except LaganError as error:
            raise VolumeAway(f"No volume at {location}: {error.sentence}") from error
        if place.identity.id in found:
            raise BadInput(f"{location} is the volume {place.identity.name}, named twice.")
        found[place.identity.id] = place
    if not found:
        raise BadInput("A rebuild needs at least one volume.")
    return list(found.values())


def _restore(places: Sequence[_Place], rebuilt: Rebuilt) -> None:
    found = newest_good([each.store for each in places])
    if found is None:
        return
    store, rebuilt.snapshot = found
    rooms = {each.name: each for each in exporters()}
    for room, rows in groupby(read_snapshot(store, rebuilt.snapshot), key=lambda each: each[0]):
        if room in rooms:
            rooms[room].restore(row for _, row in rows)


def _rows(places: Sequence[_Place], rebuilt: Rebuilt) -> list[Volume]:
    """The rows of all volumes that are there: those given, and those of the snapshot that still are
    in place."""
    given = {each.identity.id: each for each in places}
    for row in Volume.objects.exclude(id__in=given):
        if present(row):
            continue
        was = row.was if row.state == VolumeState.MISSING else row.state
        Volume.objects.filter(pk=row.pk).update(state=VolumeState.MISSING, was=was)
        rebuilt.away.append(row.name)
    for place in places:
        known = Volume.objects.filter(id=place.identity.id)
        values = {"location": place.store.location, "state": VolumeState.ONLINE, "ahead": False}
        if not known.update(**values):
            _new_row(place)
    rows = list(Volume.objects.exclude(state=VolumeState.MISSING).select_related("set"))
    rebuilt.volumes = [each.name for each in rows]
    return rows


def _new_row(place: _Place) -> Volume:
    """A volume that no snapshot knows tells itself which set and role it had."""
    note = _last_note(place.store)
    home, _ = StorageSet.objects.get_or_create(
        name=str(note.get("set", "main")), defaults={"packs": bool(note.get("packs", True))}
    )
    if "hub" in note:
        Hub.objects.update_or_create(pk=1, defaults={"hub": UUID(str(note["hub"]))})
    else:
        hub_id()
    return Volume.objects.create(
        id=place.identity.id,
        name=str(note.get("name", place.identity.name)),
        location=place.store.location,
        set=home,
        role=str(note.get("role", VolumeRole.MAIN)),
        seen_at=datetime.now(UTC),
    )


def _last_note(store: StoreVolume) -> dict[str, object]:
    found: dict[str, object] = {}
    for each in Journal(store).entries():
        if isinstance(each, NoteLine) and each.kind == ADDED:
            found = dict(each.data)
    return found


def _take_in(row: Volume, rebuilt: Rebuilt) -> None:
    replayed: Replay = replay(row)
    rebuilt.damage += replayed.damage
    rebuilt.conflicts += replayed.conflicts
    rebuilt.missing += note_missing(row)
    claimed, unclaimed = claim(row)
    rebuilt.claimed += claimed
    rebuilt.unclaimed += unclaimed


def _adopt() -> None:
    """Give every room the notes of all journals, then all files in the order of time."""
    adopters = [each.adopt for each in exporters() if each.adopt is not None]
    notes = sorted(_notes(), key=lambda each: each.at)
    if not adopters:
        return
    batches: Iterator[Sequence[FileLine | NoteLine]] = chain([notes], _lines())
    for some in batches:
        for adopt in adopters:
            adopt(some)


def _notes() -> Iterator[NoteLine]:
    """The notes, each once however many volumes have it."""
    given: set[str] = set()
    for row in Volume.objects.exclude(state=VolumeState.MISSING):
        for each in journal(row).entries():
            if isinstance(each, NoteLine) and each.kind != ADDED:
                key = repr((each.kind, sorted(each.data.items(), key=lambda item: item[0])))
                if key not in given:
                    given.add(key)
                    yield each


def _lines() -> Iterator[list[FileLine]]:
    """A first line for every file of the catalogue, in the order of time."""
    files = File.objects.order_by("stored_at", "id").iterator(chunk_size=BATCH)
    for some in rules.slices(files, BATCH):
        places = {row.file_id: row for row in Replica.objects.filter(file__in=some)}
        yield [_line(file, places[file.id]) for file in some if file.id in places]


def _line(file: File, row: Replica) -> FileLine:
    return as_first(
        FileLine(
            file.id,
            file.file_id,
            file.version,
            file.name,
            row.object,
            row.offset,
            row.length,
            file.digests,
            file.stored_at.timestamp(),
            file.belongs,
        )
    )
