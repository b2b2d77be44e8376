"""Content that is archived already becomes a new version of its file: rows and journal lines that
name the bytes where they lie, no second copy of them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from lagan.hub.archive import rules
from lagan.hub.archive.models import File, Replica, ReplicaState, Volume, VolumeState
from lagan.hub.archive.services.files import FILE_COLUMNS, REPLICA_COLUMNS, file_row
from lagan.hub.archive.services.lines import copy_line
from lagan.hub.archive.services.registry import notes_before
from lagan.hub.archive.services.volumes import journal
from lagan.hub.base import bulk
from lagan.kit.errors import LaganError, Unavailable
from lagan.kit.ids import new_id
from lagan.store import FileLine, NoteLine, VoidLine


@dataclass(frozen=True, slots=True)
class Renewed:
    """The new version's id, and its lines by volume, should they have to be taken back."""

    id: UUID
    lines: Mapping[UUID, FileLine]


def renew(*, file: UUID, version: int, belongs: Mapping[str, Any], at: datetime) -> Renewed:
    """Make the content of `file` the version `version` of the same file id.

    Call it in a transaction; when that fails afterwards, `take_back` what this returned. The new
    version has a copy wherever the old one has a good one on a volume that is written; further ones
    are made as for every file. Unavailable when there is no such volume.
    """
    old = File.objects.get(pk=file)
    sources = _sources(old)
    if not sources:
        raise Unavailable(
            "No volume with a good copy of that version can be written just now.", file=str(file)
        )
    id = new_id()
    new = File(id=id, file_id=old.file_id, version=version, name=old.name, size=old.size)
    for name in ("sha256", "blake3", "crc32c", "crc32"):
        setattr(new, name, getattr(old, name))
    new.stored_at, new.belongs = at, dict(belongs)
    lines = {row.volume_id: _line(new, row, first=not n) for n, row in enumerate(sources)}
    first = lines[sources[0].volume_id]
    bulk.insert(File, [file_row(first, at)], FILE_COLUMNS)
    bulk.insert(
        Replica, [_replica(id, row, lines[row.volume_id]) for row in sources], REPLICA_COLUMNS
    )
    for row in sources:
        journal(row.volume).append([*notes_before([belongs]), lines[row.volume_id]])
    return Renewed(id, lines)


def take_back(renewed: Renewed) -> None:
    """The transaction came to nothing: void the lines."""
    now = datetime.now(UTC).timestamp()
    for row in Volume.objects.filter(pk__in=renewed.lines):
        try:
            journal(row).append([VoidLine(renewed.lines[row.pk].id, now)])
        except LaganError:
            continue  # a line of content that is there anyway, which a rebuild would show


def note_beside(*, file_ids: Iterable[str], notes: Sequence[NoteLine]) -> None:
    """Note something of files in the journal of every volume that has a copy of any of their
    versions, in the caller's transaction. Unavailable when there is no such volume to write to."""
    volumes: set[UUID] = set()
    for some in rules.slices(file_ids):
        rows = Replica.objects.filter(file__file_id__in=some)
        volumes |= set(rows.values_list("volume", flat=True).distinct())
    found = list(Volume.objects.filter(pk__in=volumes, state=VolumeState.ONLINE))
    if not found:
        raise Unavailable("No volume of these files can be written just now.")
    for row in found:
        journal(row).append(notes)


def _sources(old: File) -> list[Replica]:
    """Good copies on volumes that are written, main volumes first."""
    rows = Replica.objects.filter(
        file=old, state=ReplicaState.GOOD, volume__state=VolumeState.ONLINE
    ).select_related("volume")
    return sorted(rows, key=lambda row: (row.volume.role != "main", row.pk))


def _line(new: File, row: Replica, *, first: bool) -> FileLine:
    if not first:
        return copy_line(new, row.object, row.offset, row.length)
    return FileLine(
        id=new.id,
        file_id=new.file_id,
        version=new.version,
        name=new.name,
        object=row.object,
        offset=row.offset,
        length=row.length,
        digests=new.digests,
        stored_at=new.stored_at.timestamp(),
        belongs=new.belongs,
    )


def _replica(id: UUID, row: Replica, line: FileLine) -> tuple[Any, ...]:
    return (
        *(id, row.volume_id, row.object, row.offset, row.length),
        *(row.state, row.verified_at, row.depth, row.made_at, line.id),
    )
