"""Where a file's bytes can be read just now, how well it is kept, how the volumes are doing."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import Count, QuerySet, Sum

from lagan.hub.archive import rules
from lagan.hub.archive.errors import NoGoodCopy
from lagan.hub.archive.models import (
    READABLE,
    File,
    Replica,
    ReplicaState,
    Volume,
    VolumeRole,
    VolumeState,
)
from lagan.hub.archive.rules import Status
from lagan.hub.archive.services.volumes import open_store
from lagan.hub.archive.services.wanted import set_of, wanted_volumes
from lagan.hub.base.prepared import Prepared, as_sent, as_they_come
from lagan.kit.digests import Digests
from lagan.kit.errors import NotFound, Unavailable
from lagan.store.volume import Volume as StoreVolume

COUNTED_NOW = 200_000
"""Copies up to which a volume's are counted for a page: some 20 ms."""

PAGE = 1000
"""Rows of a page of damage, at most."""


@dataclass(frozen=True, slots=True)
class Location:
    """Where one good copy can be read: `length` bytes from `offset` of `object` on `store`, the
    volume
    called `volume`; `packed` says that the object holds other files too."""

    volume: str
    store: StoreVolume
    object: str
    offset: int
    length: int
    packed: bool
    digests: Digests
    volume_id: UUID


@dataclass(frozen=True, slots=True)
class ReplicaRow:
    """One copy as a page shows it."""

    volume: str
    state: str
    verified_at: datetime | None
    depth: str


@dataclass(frozen=True, slots=True)
class FileHealth:
    """How well one file is kept, and its copies."""

    status: Status
    replicas: list[ReplicaRow]


@dataclass(frozen=True, slots=True)
class VersionRow:
    """One version of a file as it was stored; `belongs` says whose it is, as its journal line
    does."""

    id: UUID
    version: int
    digests: Digests
    stored_at: datetime
    belongs: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class VolumeRow:
    """One volume as a page shows it. `replicas` and `bytes` are as of the last refresh, `damaged`
    is of now."""

    id: UUID
    name: str
    location: str
    state: str
    role: str
    storage_set: str | None
    total: int | None
    free: int | None
    seen_at: datetime | None
    ahead: bool
    replicas: int
    bytes: int
    damaged: dict[str, int]


@dataclass(frozen=True, slots=True)
class Damage:
    """A copy that is not good."""

    id: int
    file: UUID
    name: str
    size: int
    volume: str
    object: str
    state: str
    verified_at: datetime | None


def locate(file: UUID) -> Location:
    """The best good copy that can be read now. NotFound if there is no such file, NoGoodCopy if
    none can be read."""
    found = locations([file])
    if file not in found:
        raise NotFound("There is no such file.", file=str(file))
    if not found[file]:
        raise NoGoodCopy("No good copy of the file can be read just now.", file=str(file))
    return found[file][0]


def locations(files: Sequence[UUID]) -> dict[UUID, list[Location]]:
    """All good copies of each file on volumes that open, best first: main volumes, then copies.

    One query. A file the catalogue knows but that cannot be read has no location; an unknown one
    no key.
    """
    return _located(Replica.objects.filter(file__in=files).values_list(*_COPY))


def locations_of(file: UUID) -> list[Location]:
    """The same of one file, as every download asks; empty also for an unknown one."""
    return _located(_COPIES.rows(file)).get(file, [])


_COPY = (
    *("volume__role", "volume__state", "id", "state", "file_id", "volume_id", "volume__name"),
    *("volume__location", "object", "offset", "length"),
    *("file__size", "file__crc32c", "file__crc32", "file__sha256", "file__blake3"),
)
_COPIES = Prepared(lambda file: Replica.objects.filter(file=file).values_list(*_COPY), UUID(int=7))


def _located(rows: Iterable[tuple[Any, ...]]) -> dict[UUID, list[Location]]:
    stores: dict[UUID, StoreVolume | None] = {}
    found: dict[UUID, list[Location]] = {}
    for row in sorted(rows, key=_preference):
        _, volume_state, _, state, file, volume, name, location, object, offset, length = row[:11]
        places = found.setdefault(file, [])
        if volume not in stores:
            stores[volume] = _opened(Volume(volume, name, location, volume_state))
        store = stores[volume]
        if store is not None and state == ReplicaState.GOOD:
            packed, digests = rules.is_pack(object), Digests(*row[11:])
            places.append(Location(name, store, object, offset, length, packed, digests, volume))
    return found


def versions(
    file_id: str, *, version: int | None = None, before: int | None = None, size: int = PAGE
) -> list[VersionRow]:
    """The versions of a file, newest first: the one asked for, or those below `before`, at most
    `size`."""
    rows = File.objects.filter(file_id=file_id).order_by("-version")
    if version is not None:
        rows = rows.filter(version=version)
    if before is not None:
        rows = rows.filter(version__lt=before)
    return [
        VersionRow(row.id, row.version, row.digests, row.stored_at, row.belongs)
        for row in rows[:size]
    ]


def health(files: Sequence[UUID]) -> dict[UUID, FileHealth]:
    """How well each file is kept, in two queries. Files the catalogue does not know are left
    out."""
    volumes = {each.id: each for each in Volume.objects.select_related("set")}
    wanted = wanted_volumes(volumes.values())
    copies: dict[UUID, list[Replica]] = {}
    # Of a look-up's 10,000 copies only what is used is read.
    rows = Replica.objects.only("file_id", "volume_id", "state", "verified_at", "depth")
    for row in rows.filter(file__in=files).order_by("id"):
        copies.setdefault(row.file_id, []).append(row)
    return {file: _health(rows, volumes, wanted) for file, rows in copies.items()}


def digests(files: Sequence[UUID]) -> dict[UUID, Digests]:
    """What is known of the content of each file, in one query; unknown files are left out."""
    return {each.id: each.digests for each in File.objects.filter(id__in=files)}


def statuses(files: Sequence[UUID]) -> dict[UUID, Status]:
    """The status that `health` gives each file, for thousands at once: most files have their copies
    in the same places and states, which is judged once."""
    if not files:
        return {}
    volumes = {each.id: each for each in Volume.objects.select_related("set")}
    wanted = wanted_volumes(volumes.values())
    places = {as_sent(each): each for each in volumes}
    copies: dict[Any, tuple[tuple[UUID, str], ...]] = {}
    rows = Replica.objects.filter(file__in=files).order_by("id")
    for file, volume, state in as_they_come(rows.values_list("file_id", "volume_id", "state")):
        copies[file] = (*copies.get(file, ()), (places[volume], state))
    judged = {each: _judge(each, volumes, wanted) for each in set(copies.values())}
    sent = ((each, copies.get(as_sent(each))) for each in files)
    return {file: judged[each] for file, each in sent if each is not None}


def _judge(
    copies: Sequence[tuple[UUID, str]],
    volumes: Mapping[UUID, Volume],
    wanted: Mapping[int, set[UUID]],
) -> Status:
    places = [Replica(volume_id=volume, state=state) for volume, state in copies]
    return _health(places, volumes, wanted).status


def volumes() -> list[VolumeRow]:
    """All volumes by name with their room and damage. Two queries that do not grow with the good
    copies."""
    damaged: dict[UUID, dict[str, int]] = {}
    counts = (
        Replica.objects.exclude(state=ReplicaState.GOOD)
        .values_list("volume", "state")
        .annotate(rows=Count("id"))
    )
    for volume, state, number in counts:
        damaged.setdefault(volume, {})[state] = number
    every = list(Volume.objects.select_related("set"))
    _count_small(every)
    return [_volume_row(each, damaged.get(each.id, {})) for each in every]


def _count_small(every: Sequence[Volume]) -> None:
    """Small volumes are counted now; only the numbers of large ones are as old as their tally."""
    small = [each.id for each in every if each.replicas_count < COUNTED_NOW]
    rows = Replica.objects.filter(volume__in=small).values_list("volume")
    counts = {id: found for id, *found in rows.annotate(rows=Count("id"), bytes=Sum("length"))}
    for each in every:
        if each.id in small:
            each.replicas_count, each.replicas_bytes = counts.get(each.id, (0, 0))


def damage(after: int = 0, size: int = 100) -> list[Damage]:
    """Copies that are not good, by key: those with an id above `after`, at most `size` (up to
    1,000)."""
    rows = (
        Replica.objects.exclude(state=ReplicaState.GOOD)
        .filter(id__gt=after)
        .select_related("file", "volume")
        .order_by("id")[: min(size, PAGE)]
    )
    return [
        Damage(
            row.id,
            row.file_id,
            row.file.name,
            row.file.size,
            row.volume.name,
            row.object,
            row.state,
            row.verified_at,
        )
        for row in rows
    ]


def damaged_files() -> QuerySet[Replica, UUID]:
    """The files with a copy that is not good, for other rooms' conditions (`stored__in=...`)."""
    return Replica.objects.exclude(state=ReplicaState.GOOD).values_list("file_id", flat=True)


def _preference(row: tuple[Any, ...]) -> tuple[bool, bool, int]:
    role, state, id = row[:3]
    return (role != VolumeRole.MAIN, state != VolumeState.ONLINE, id)


def _opened(volume: Volume) -> StoreVolume | None:
    try:
        return open_store(volume) if volume.is_readable else None
    except Unavailable:
        return None


def _health(
    rows: Sequence[Replica], volumes: Mapping[UUID, Volume], wanted: Mapping[int, set[UUID]]
) -> FileHealth:
    copies = [
        rules.Copy(row.volume_id, row.state, volumes[row.volume_id].state in READABLE)
        for row in rows
    ]
    home = set_of(rows, volumes)
    asked = wanted.get(home, set()) if home is not None else set()
    shown = [
        ReplicaRow(volumes[row.volume_id].name, row.state, row.verified_at, row.depth)
        for row in rows
    ]
    return FileHealth(rules.status(copies, asked), shown)


def _volume_row(row: Volume, damaged: dict[str, int]) -> VolumeRow:
    return VolumeRow(
        id=row.id,
        name=row.name,
        location=row.location,
        state=row.state,
        role=row.role,
        storage_set=row.set.name if row.set else None,
        total=row.total,
        free=row.free,
        seen_at=row.seen_at,
        ahead=row.ahead,
        replicas=row.replicas_count,
        bytes=row.replicas_bytes,
        damaged=damaged,
    )
