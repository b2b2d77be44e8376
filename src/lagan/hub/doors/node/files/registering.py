"""Files that lie on a volume already become files of the archive: read once for their digests, made
durable and read-only, then catalogued with proof and journal line, where they lie.

Source: reference/ngas-http.md sections 4.5, 5.5 and 12.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from lagan.hub.audit import services as audit
from lagan.hub.audit.kinds import Kind
from lagan.hub.base.actors import Actor
from lagan.hub.doors.node.config.shape import TypedPlugIn
from lagan.hub.doors.node.files import catalogue, checksums
from lagan.hub.doors.node.files.layout import type_of
from lagan.hub.doors.node.models import Proof, StoredFile
from lagan.hub.doors.node.plugins.dapi.arrived import Arrived, Filed
from lagan.hub.doors.node.plugins.dapi.custom import filed
from lagan.hub.doors.node.plugins.dapi.fits import ZIPPED, file_fits
from lagan.hub.doors.node.plugins.facade import PlugInRequest, PlugInServer
from lagan.hub.doors.node.volumes import leftovers
from lagan.hub.doors.node.volumes.disks import BESIDE_FILES, FILES_MODE, MIB, MountedDisk
from lagan.hub.doors.node.volumes.journal_lines import line_of
from lagan.hub.doors.node.wire.messages import FILE_REG_FAILED
from lagan.hub.doors.node.wire.moments import show_local
from lagan.hub.doors.node.wire.reply import Failed
from lagan.hub.doors.node.wire.requests import Request
from lagan.kit.digests import Digests, digests_of
from lagan.kit.files import sync_folder
from lagan.kit.ids import new_id
from lagan.kit.paths import open_beneath
from lagan.store.errors import as_refusals
from lagan.store.journal import VoidLine

if TYPE_CHECKING:
    from lagan.hub.doors.node.node import ArchiveNode

BATCH = 50
"""Files that share a transaction and a flush of the journal."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """A file on a disk that may be registered; `name` is its place beneath the mount point."""

    disk: MountedDisk
    name: str
    mime_type: str


@dataclass(frozen=True, slots=True)
class Looked:
    """A candidate that was read, and what it is to be called."""

    candidate: Candidate
    filed: Filed
    digests: Digests


def place_of(node: ArchiveNode, path: str) -> tuple[MountedDisk, str]:
    """The disk that an absolute path is on, and the place on it; empty for all of it. Failed."""
    for disk in node.disks:
        try:
            inner = Path(path).relative_to(disk.path)
        except ValueError:
            continue
        if ".." in inner.parts or (inner.parts and inner.parts[0] in BESIDE_FILES):
            break
        if not disk.writable:
            raise Failed(FILE_REG_FAILED.say(path, "its disk is only read"))
        return disk, "/".join(inner.parts)
    raise Failed(FILE_REG_FAILED.say(path, "it is on no volume of this node"))


def candidates(
    node: ArchiveNode, disk: MountedDisk, place: str, types: frozenset[str]
) -> Iterator[Candidate]:
    """The file at a place, or all beneath it, that no row names and whose type is known; only of
    `types` unless that is empty."""
    extensions = {each.extension: each.mime_type for each in node.config.mime_types.items}
    for name in leftovers.unregistered(disk, place):
        found = type_of(name.rpartition("/")[2], extensions)
        if found is not None and (not types or found in types):
            yield Candidate(disk, name, found)


def look(node: ArchiveNode, candidate: Candidate, request: Request) -> Looked:
    """Read a candidate: what its plug-in calls it, its digests; its bytes are durable and nobody's
    to write afterwards. Failed."""
    plug_in = _plug_in(node, candidate)
    disk, name = candidate.disk, candidate.name
    with as_refusals(name):
        descriptor = open_beneath(disk.path, name, os.O_RDONLY)
        try:
            os.fchmod(descriptor, FILES_MODE)
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
        sync_folder((disk.path / name).parent)
    pieces = disk.store.read(name)
    digests = digests_of(pieces)
    known = {each.extension: each.mime_type for each in node.config.mime_types.items}
    base = name.rpartition("/")[2]
    arrived = Arrived(
        path=disk.path / name,
        name=base,
        file_id=base,
        mime_type=candidate.mime_type,
        size=digests.size,
        parameters={k: v for k, v in request.parameters.items() if k == "ignore_arcfile"},
        configured=dict(plug_in.parameters),
        extensions=known,
    )
    return Looked(candidate, _filed(node, plug_in, arrived, request, disk), digests)


def _plug_in(node: ArchiveNode, candidate: Candidate) -> TypedPlugIn:
    for each in node.config.register.plug_ins:
        if candidate.mime_type in each.mime_types:
            return each
    reason = f"no registration plug-in is configured for {candidate.mime_type}"
    raise Failed(FILE_REG_FAILED.say(candidate.name, reason))


def _filed(
    node: ArchiveNode, plug_in: TypedPlugIn, arrived: Arrived, request: Request, disk: MountedDisk
) -> Filed:
    built_in = BUILT_IN.get(plug_in.name.removeprefix("ngamsPlugIns."))
    if built_in is not None:
        return built_in(arrived)
    server = PlugInServer(node, plug_in.parameters)
    asked = PlugInRequest(request, staged=arrived.path, mime_type=arrived.mime_type, disk=disk.path)
    status = node.plug_ins.call(
        "registration", plug_in.name, server, asked, dict(plug_in.parameters)
    )
    return filed(plug_in.name, arrived, status)


def _register_fits(arrived: Arrived) -> Filed:
    """By ARCFILE. A compressed file stays as it is."""
    if not arrived.name.endswith(ZIPPED):
        return file_fits(arrived)
    return file_fits(replace(arrived, configured={**arrived.configured, "compression": "gzip"}))


def _register_generally(arrived: Arrived) -> Filed:
    """By its own name."""
    return Filed(arrived.file_id, arrived.name, arrived.mime_type)


BUILT_IN: Mapping[str, Callable[[Arrived], Filed]] = {
    "ngamsFitsRegPlugIn": _register_fits,
    "ngamsRegisterGenericPlugIn": _register_generally,
    "ngamsRegisterAlmaPlugIn": _register_generally,
}


def register(node: ArchiveNode, found: Sequence[Looked], *, by: Actor) -> list[StoredFile]:
    """Catalogue files of one disk; their rows. Those that somebody else registered meanwhile are
    left out."""
    disk, now = found[0].candidate.disk, datetime.now(UTC)
    lines: list[VoidLine] = []
    try:
        with catalogue.turn():
            taken = catalogue.on_disk(disk.id).filter(
                file_name__in=[each.candidate.name for each in found]
            )
            known = set(taken.values_list("file_name", flat=True))
            new = [each for each in found if each.candidate.name not in known]
            catalogue.hold_ids(each.filed.file_id for each in new)
            rows = _rows(node, new, now)
            proven = [_proof(row, each.digests, now) for row, each in zip(rows, new, strict=True)]
            room = disk.free() // MIB
            catalogue.add(rows, proven, {disk.id: room})
            names = [f"{each.file_id}/{each.file_version}" for each in rows]
            data = {"disk": disk.id, "count": len(names), "files": names}
            audit.record(kind=Kind.NODE_REGISTERED, by=by, data=data)
            lines = [VoidLine(each.line, now.timestamp()) for each in proven]
            disk.journal.append(
                [
                    line_of(row, proof.line, each.digests, now)
                    for row, proof, each in zip(rows, proven, new, strict=True)
                ]
            )
    except BaseException:
        # Lines without rows would bring the files back when the catalogue is made from the disk.
        disk.journal.append(lines)
        raise
    disk.row.number_of_files += len(rows)
    disk.row.bytes_stored += sum(int(each.file_size) for each in rows)
    return rows


def _rows(node: ArchiveNode, found: Sequence[Looked], now: datetime) -> list[StoredFile]:
    latest = catalogue.latest_versions({each.filed.file_id for each in found})
    archiving = node.config.archiving
    variant = archiving.checksum if archiving else checksums.CRC32
    name = checksums.ARCHIVE_NAME if variant == checksums.CRC32 else variant
    rows = []
    for each in found:
        version = latest.get(each.filed.file_id, 0) + 1
        latest[each.filed.file_id] = version
        rows.append(_row(each, version, checksums.value(each.digests, variant), name, now))
    return rows


def _row(
    found: Looked, version: int, checksum: str | None, checksum_name: str | None, now: datetime
) -> StoredFile:
    known, size = found.filed, found.digests.size
    at = show_local(now)
    return StoredFile(
        disk_id=found.candidate.disk.id,
        file_name=found.candidate.name,
        file_id=known.file_id,
        file_version=version,
        format=known.format,
        file_size=size,
        uncompressed_file_size=size if known.uncompressed_size is None else known.uncompressed_size,
        compression=known.compression,
        ingestion_date=at,
        file_ignore=0,
        checksum=checksum,
        checksum_plugin=checksum_name,
        file_status=catalogue.GOOD,
        creation_date=at,
    )


def _proof(row: StoredFile, digests: Digests, now: datetime) -> Proof:
    return Proof(
        disk_id=row.disk_id,
        file_id=row.file_id,
        file_version=row.file_version,
        line=new_id(),
        sha256=digests.sha256,
        crc32c=digests.crc32c,
        crc32=digests.crc32,
        checked_at=now,
    )
