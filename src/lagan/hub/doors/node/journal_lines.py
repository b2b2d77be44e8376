"""What a disk's own journal says of a copy: everything needed to catalogue it again without the
database."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from lagan.hub.doors.node.models import StoredFile
from lagan.kit.digests import Digests
from lagan.store.journal import FileLine

_BELONGS = (
    *("disk_id", "format", "uncompressed_file_size", "compression", "ingestion_date", "checksum"),
    *("checksum_plugin", "creation_date", "container_id"),
)


def file_line(row: StoredFile, id: UUID, digests: Digests, at: datetime) -> FileLine:
    """The line of a copy as its row is; `at` is since when it lies there."""
    return FileLine(
        id=id,
        file_id=row.file_id,
        version=int(row.file_version),
        name=row.file_name.rpartition("/")[2],
        object=row.file_name,
        offset=0,
        length=int(row.file_size),
        digests=digests,
        stored_at=at.timestamp(),
        belongs={name: getattr(row, name) for name in _BELONGS},
    )
