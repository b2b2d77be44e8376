"""The catalogue of files comes back from the disks alone: what their journals tell, without the
database.

What the catalogue knows stays as it is; copies that it lacks are added, copies that a journal
voided and of which it has no proof are taken out. Disks that were never confirmed have no journal:
their files are known only to the archive server's own tables.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar
from uuid import UUID

from django.db.models import Count, Sum

from lagan.hub.audit import services as audit
from lagan.hub.audit.kinds import Kind
from lagan.hub.base.actors import Actor
from lagan.hub.doors.node.config.shape import NodeConfig
from lagan.hub.doors.node.files import catalogue
from lagan.hub.doors.node.models import Container, Disk, Proof, StoredFile
from lagan.hub.doors.node.volumes import disk_rows, volume_info
from lagan.hub.doors.node.volumes.disks import FILES_MODE, MIB, place_of, volume_folders
from lagan.hub.doors.node.volumes.journal_lines import proof_of, row_of
from lagan.hub.doors.node.wire.moments import show_local
from lagan.kit.errors import LaganError
from lagan.store.errors import NotAVolume
from lagan.store.identity import identify
from lagan.store.journal import Damage, FileLine, Journal, VoidLine
from lagan.store.posix import PosixVolume

if TYPE_CHECKING:
    from lagan.hub.doors.node.volumes.disks import MountedDisk

_log = logging.getLogger(__name__)
BATCH = 2000
"""Rows written in one statement."""
Key = tuple[str, int]
T = TypeVar("T")


@dataclass(slots=True)
class Rebuilt:
    """What came back from one disk: copies in all, and those that the catalogue lacked. `missing`
    are not on the disk any more, `damage` are lines that cannot be read, `conflicts` are files
    whose id and version another one has in the catalogue."""

    disk_id: str
    slot: str
    files: int = 0
    added: int = 0
    removed: int = 0
    missing: list[str] = field(default_factory=list)
    damage: list[str] = field(default_factory=list)
    conflicts: list[str] = field(default_factory=list)
    journal: bool = True
    """False for a disk that was never confirmed."""


def rebuild(
    *, config: NodeConfig, host_id: str, by: Actor, watch: Callable[[str], None] = lambda _: None
) -> list[Rebuilt]:
    """Every disk in the volume directory, one after the other, each in one transaction. The node
    must not be running. `watch` is told what is being read."""
    found: list[Rebuilt] = []
    for path in volume_folders(config):
        watch(path.name)
        found.append(_rebuild(config, path, host_id, by))
    disk_rows.unmount([each.disk_id for each in found], host_id)
    return found


def _rebuild(config: NodeConfig, path: Path, host_id: str, by: Actor) -> Rebuilt:
    store = PosixVolume(path, mode=FILES_MODE)
    info = volume_info.decode((path / volume_info.NAME).read_bytes())
    place = place_of(config, path.name)
    done = Rebuilt(info.disk_id, path.name)
    usage = store.usage()
    disk_rows.register(
        info,
        path,
        slot=path.name,
        kind=place.kind if place else "M",
        label=place.label if place else "",
        host=host_id,
        archive=config.server.archive_name,
        room=(usage.free or 0) // MIB,
        capacity=(usage.total or 0) // MIB,
    )
    try:
        identify(store)
    except NotAVolume:
        done.journal = False
        return done
    _settle(store, done, by)
    return done


def take_in_strangers(disks: Iterable[MountedDisk], by: Actor) -> None:
    """Disks of which the catalogue has no file and whose journals tell of some bring these along:
    after the database was lost, or when a disk comes from elsewhere."""
    for disk in disks:
        if not disk.writable or catalogue.on_disk(disk.id).exists():
            continue
        done = Rebuilt(disk.id, disk.slot)
        try:
            _settle(disk.store, done, by)
        except LaganError as error:
            _log.error("The journal of %s cannot be taken in: %s", disk.path, error.sentence)
            continue
        disk.row.refresh_from_db()
        if done.files:
            _log.warning("%s brought its files along, %s", disk.path, done)


def _settle(store: PosixVolume, done: Rebuilt, by: Actor) -> None:
    """Make the catalogue's rows of a disk what its journal says, in one transaction."""
    lines, voided = _read(store, done)
    if not lines and not voided:
        return
    with catalogue.turn():
        _take_in(lines, done.disk_id, store, done)
        _take_out(voided, done.disk_id, done)
        _count(done.disk_id)
        facts = {"disk": done.disk_id, "files": done.files, "added": done.added}
        audit.record(kind=Kind.NODE_VOLUME, by=by, data={"what": "rebuilt", **facts})


def _read(store: PosixVolume, done: Rebuilt) -> tuple[dict[Key, FileLine], set[Key]]:
    """The last line of each copy that counts, and the copies that only void lines tell of."""
    counting: dict[UUID, FileLine] = {}
    ever: set[Key] = set()
    for each in Journal(store).entries():
        match each:
            case FileLine():
                counting[each.id] = each
                ever.add((each.file_id, each.version))
            case VoidLine():
                counting.pop(each.id, None)
            case Damage():
                done.damage.append(f"{each.place} line {each.line}: {each.reason}")
    lines = {(each.file_id, each.version): each for each in counting.values()}
    return lines, ever - lines.keys()


def _take_in(lines: dict[Key, FileLine], disk_id: str, store: PosixVolume, done: Rebuilt) -> None:
    before = catalogue.on_disk(disk_id).count()
    for batch in _batches(lines.values()):
        rows = [row_of(each, disk_id) for each in batch]
        for row in rows:
            if (wrong := _absence(store, row)) is not None:
                row.file_status = catalogue.BAD_BIT + catalogue.GOOD[1:]
                done.missing.append(f"{row}: {wrong}")
        done.conflicts += _conflicts(batch)
        StoredFile.objects.bulk_create(rows, ignore_conflicts=True)
        proven = [proof_of(each, disk_id) for each in batch]
        Proof.objects.bulk_create(proven, ignore_conflicts=True)
        _name_containers(rows)
    done.files = len(lines)
    done.added = catalogue.on_disk(disk_id).count() - before


def _conflicts(lines: list[FileLine]) -> list[str]:
    """Files that the catalogue knows under the same id and version, on any disk, with other
    bytes: it was begun anew before all disks were read."""
    told = {(each.file_id, each.version): each for each in lines}
    known = Proof.objects.filter(file_id__in={file_id for file_id, _ in told})
    found = []
    for each in known:
        line = told.get((each.file_id, each.file_version))
        if line is not None and (each.crc32c, each.sha256 or line.digests.sha256) != (
            line.digests.crc32c,
            line.digests.sha256 or each.sha256,
        ):
            found.append(f"{each.file_id} v{each.file_version} is another file on {each.disk_id}")
    return found


def _absence(store: PosixVolume, row: StoredFile) -> str | None:
    """Why the bytes of a copy cannot be what its line says, as far as its size tells."""
    try:
        size = store.stat(row.file_name).size
    except LaganError as error:
        return error.sentence
    return None if size == row.file_size else f"it has {size} bytes, not {row.file_size}"


def _name_containers(rows: list[StoredFile]) -> None:
    """Containers keep their files; their names were in the database alone, so that each is called
    by its id."""
    now = show_local(datetime.now(UTC))
    ids = {each.container_id for each in rows if each.container_id}
    Container.objects.bulk_create(
        [
            Container(container_id=each, container_name=each, ingestion_date=now, container_size=0)
            for each in ids
        ],
        ignore_conflicts=True,
    )


def _take_out(voided: set[Key], disk_id: str, done: Rebuilt) -> None:
    """Copies that were removed after an older database was written."""
    for batch in _batches(sorted(voided)):
        rows = catalogue.on_disk(disk_id).filter(file_id__in={file_id for file_id, _ in batch})
        stale = [each for each in rows if (each.file_id, each.file_version) in voided]
        known = catalogue.proofs(stale)
        gone = [each for each in stale if catalogue.key_of(each) not in known]
        catalogue.remove(gone)
        done.removed += len(gone)


def _count(disk_id: str) -> None:
    """The disk's own figures, from its rows."""
    counted = catalogue.on_disk(disk_id).aggregate(files=Count("file_id"), bytes=Sum("file_size"))
    Disk.objects.filter(pk=disk_id).update(
        number_of_files=counted["files"], bytes_stored=int(counted["bytes"] or 0)
    )


def _batches(items: Iterable[T]) -> Iterator[list[T]]:
    rest = iter(items)
    while batch := list(islice(rest, BATCH)):
        yield batch
