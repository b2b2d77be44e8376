"""Volumes become part of the archive here, are opened here, and are chosen here for what
arrives."""

from __future__ import annotations

import threading
from datetime import UTC, datetime
from typing import NamedTuple
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.db.models import Count, Sum

from lagan.hub.archive import rules
from lagan.hub.archive.errors import VolumeAway, VolumeTaken
from lagan.hub.archive.models import Hub, Replica, StorageSet, Volume, VolumeRole, VolumeState
from lagan.hub.audit.kinds import Kind
from lagan.hub.audit.services import record
from lagan.hub.base.actors import Actor
from lagan.kit.errors import BadInput, Forbidden, LaganError, NoSpace, NotFound
from lagan.kit.ids import new_id
from lagan.store import volume as store
from lagan.store.errors import NotAVolume
from lagan.store.identity import Identity, identify, prepare
from lagan.store.journal import FileLine, Journal, NoteLine
from lagan.store.opening import open_volume
from lagan.store.wrappers import ReadOnlyVolume, RetryVolume

ADDED = "volume.added"
"""The note in a volume's journal that says to which hub, storage set and role it belongs."""


class _Opened(NamedTuple):
    location: str
    state: str
    store: store.Volume
    journal: Journal


_opened: dict[UUID, _Opened] = {}
_guard = threading.Lock()


def add_volume(
    *,
    by: Actor,
    location: str,
    name: str,
    storage_set: str,
    role: str = VolumeRole.MAIN,
    packs: bool = True,
) -> Volume:
    """Make a place a volume of this hub: an empty one is prepared, a prepared one that holds
    nothing adopted.

    The storage set is made if there is none of that name (`packs` says whether its small files
    share
    packs). VolumeTaken if the place is a volume of this or another hub or holds archived files;
    ForeignFiles
    if it holds anything else; Unavailable or BadLocation if it cannot be used.
    """
    if not by.is_system:
        raise Forbidden("Volumes are added by the system's administrator.")
    if role not in VolumeRole.values:
        raise BadInput(f"A volume's role is main or copy, not {role!r}.", role=role)
    opened = RetryVolume(open_volume(location, spool=_spool()))
    with transaction.atomic():
        if Volume.objects.filter(name=name).exists():
            raise VolumeTaken(f"There is a volume called {name}.", name=name)
        home, _ = StorageSet.objects.get_or_create(name=storage_set, defaults={"packs": packs})
        identity = _identity(opened, name)
        row = Volume.objects.create(
            id=identity.id,
            name=name,
            location=opened.location,
            set=home,
            role=role,
            seen_at=datetime.now(UTC),
            **_room(opened),
        )
        facts = {
            "hub": str(hub_id()),
            "set": home.name,
            "role": role,
            "name": name,
            "packs": home.packs,
        }
        record(kind=Kind.VOLUME_ADDED, by=by, data={"volume": str(row.id), **facts})
        Journal(opened).append([NoteLine(ADDED, facts, datetime.now(UTC).timestamp())])
    return row


def hub_id() -> UUID:
    """Who this hub is, so that no volume serves two; made at the first call."""
    first = Hub.objects.first() or Hub.objects.get_or_create(pk=1, defaults={"hub": new_id()})[0]
    return first.hub


def _identity(opened: store.Volume, name: str) -> Identity:
    """Who the place is; prepared now if it is nobody yet."""
    try:
        identity = identify(opened)
    except NotAVolume:
        return prepare(opened, name=name)
    if known := Volume.objects.filter(id=identity.id).first():
        raise VolumeTaken(f"This place is the volume {known.name} already.", name=known.name)
    _refuse_taken(opened, identity)
    return identity


def _refuse_taken(opened: store.Volume, identity: Identity) -> None:
    for line in Journal(opened).entries():
        if isinstance(line, FileLine):
            raise VolumeTaken(
                f"The volume {identity.name} holds archived files that this hub does not know; "
                "`lagan archive rebuild` takes in a volume with its files.",
                id=str(identity.id),
            )
        if (
            isinstance(line, NoteLine)
            and line.kind == ADDED
            and line.data.get("hub") != str(hub_id())
        ):
            raise VolumeTaken(
                f"The volume {identity.name} belongs to another hub.", id=str(identity.id)
            )


def open_store(volume: Volume | UUID) -> store.Volume:
    """The place of a volume's bytes, opened once a process; read-only or not as its state says.

    VolumeAway if it is missing or retired, or if what is at its location is another volume or none.
    """
    return _open(_row(volume)).store


def journal(volume: Volume | UUID) -> Journal:
    """The journal of a volume, one a process."""
    return _open(_row(volume)).journal


def find_volume(volume: UUID) -> Volume:
    """The row of a volume. NotFound."""
    if (row := Volume.objects.filter(pk=volume).first()) is None:
        raise NotFound("There is no such volume.", volume=str(volume))
    return row


def _row(volume: Volume | UUID) -> Volume:
    return volume if isinstance(volume, Volume) else find_volume(volume)


def present(volume: Volume) -> bool:
    """Whether the volume itself, and not an empty mount point, is at its location at this
    moment."""
    try:
        return identify(open_volume(volume.location, spool=_spool())).id == volume.id
    except LaganError:
        return False


def forget_opened() -> None:
    """Close every volume of this process (tests, and a hub whose disks were changed)."""
    with _guard:
        _opened.clear()


def _open(volume: Volume) -> _Opened:
    if not volume.is_readable:
        raise VolumeAway(f"The volume {volume.name} is {volume.state}.", volume=volume.name)
    with _guard:
        known = _opened.get(volume.id)
        if known and (known.location, known.state) == (volume.location, volume.state):
            return known
        opened = _open_anew(volume)
        _opened[volume.id] = opened
        return opened


def _open_anew(volume: Volume) -> _Opened:
    try:
        place: store.Volume = RetryVolume(open_volume(volume.location, spool=_spool()))
        found = identify(place)
    except LaganError as error:
        raise VolumeAway(
            f"The volume {volume.name} is not at its place: {error.sentence}", volume=volume.name
        ) from error
    if found.id != volume.id:
        raise VolumeAway(
            f"At the place of the volume {volume.name} is {found.name}.", volume=volume.name
        )
    if volume.state == VolumeState.READONLY:
        place = ReadOnlyVolume(place)
    return _Opened(volume.location, volume.state, place, Journal(place))


def _spool() -> str:
    return str(settings.CONFIG.data / "spool")


def choose_volume(*, size: int) -> Volume:
    """Where `size` bytes that arrive go: the first main volume, in the administrator's order of
    storage sets,
    that is there and has room. NoSpace if none has.
    """
    mains = Volume.objects.filter(
        state=VolumeState.ONLINE, role=VolumeRole.MAIN, set__isnull=False
    ).order_by("set__position", "set_id", "name")
    for row in mains:
        if has_room(row, size):
            return row
    raise NoSpace(f"No volume has room for {size} bytes.", size=size)


def has_room(volume: Volume, size: int) -> bool:
    """Whether `size` bytes fit on it just now, with what is kept for journals and snapshots left
    free."""
    try:
        free = open_store(volume).usage().free
    except LaganError:
        return False
    return free is None or free - rules.RESERVE >= size


def refresh_volumes() -> None:
    """Note of every volume whether it is there and how much room it has.

    One that is not at its place becomes `missing`; one that came back is again what it was.
    """
    for row in Volume.objects.exclude(state=VolumeState.RETIRED):
        _refresh(row)


def _refresh(row: Volume) -> None:
    same = Volume.objects.filter(pk=row.pk, state=row.state)
    if not present(row):
        if row.state != VolumeState.MISSING:
            same.update(state=VolumeState.MISSING, was=row.state)
        return
    room = _room(open_volume(row.location, spool=_spool()))
    # Not `seen_at` of a volume that is ahead: it says until when this catalogue is known to be
    # complete.
    seen = {} if row.ahead else {"seen_at": datetime.now(UTC)}
    state = row.was if row.state == VolumeState.MISSING else row.state
    same.update(state=state, **room, **seen)


def _room(opened: store.Volume) -> dict[str, int | None]:
    usage = opened.usage()
    return {"total": usage.total, "free": usage.free}


def tally_volumes() -> None:
    """Count copies and their bytes on every volume, for pages that must not."""
    for row in Volume.objects.all():
        found = Replica.objects.filter(volume=row).aggregate(rows=Count("id"), bytes=Sum("length"))
        Volume.objects.filter(pk=row.pk).update(
            replicas_count=found["rows"], replicas_bytes=found["bytes"] or 0
        )
