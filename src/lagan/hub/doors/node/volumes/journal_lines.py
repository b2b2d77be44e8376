"""A copy's line in the journal of its disk holds everything that its rows do, so that either comes
back from the other."""

from __future__ import annotations

from datetime import UTC, datetime
from uuid import UUID

from lagan.hub.doors.node.files import catalogue
from lagan.hub.doors.node.models import Proof, StoredFile
from lagan.kit.digests import Digests
from lagan.store.journal import FileLine

BELONGS = (
    *("disk_id", "format", "uncompressed_file_size", "compression", "ingestion_date", "checksum"),
    *("checksum_plugin", "creation_date", "container_id"),
)
"""The columns that are no part of every journal's line."""


def line_of(row: StoredFile, id: UUID, digests: Digests, at: datetime) -> FileLine:  # noqa: A002
    """Everything needed to catalogue the copy again without the database."""
    return FileLine(
        id=id,
        file_id=row.file_id,
        version=row.file_version,
        name=row.file_name.rpartition("/")[2],
        object=row.file_name,
        offset=0,
        length=row.file_size,
        digests=digests,
        stored_at=at.timestamp(),
        belongs={name: getattr(row, name) for name in BELONGS},
    )


def row_of(line: FileLine, disk_id: str) -> StoredFile:
    """The catalogue's row of a copy on this disk, as its line tells it."""
    told = {name: line.belongs.get(name) for name in BELONGS if name != "disk_id"}
    size = told.pop("uncompressed_file_size")
    return StoredFile(
        disk_id=disk_id,
        file_name=line.object,
        file_id=line.file_id,
        file_version=line.version,
        file_size=line.length,
        uncompressed_file_size=line.length if size is None else size,
        file_ignore=0,
        file_status=catalogue.GOOD,
        **told,
    )


def proof_of(line: FileLine, disk_id: str) -> Proof:
    """What we know of that copy; when it was last looked at is when it was stored."""
    return Proof(
        disk_id=disk_id,
        file_id=line.file_id,
        file_version=line.version,
        line=line.id,
        sha256=line.digests.sha256,
        crc32c=line.digests.crc32c,
        crc32=line.digests.crc32,
        checked_at=datetime.fromtimestamp(line.stored_at, UTC),
    )


file_line = line_of
