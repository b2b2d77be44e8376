"""Files and their first copies enter the catalogue here, in the transaction that acknowledges
them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from lagan.hub.archive import rules
from lagan.hub.archive.models import Depth, File, Replica, ReplicaState
from lagan.hub.base import bulk
from lagan.store.journal import FileLine

FILE_COLUMNS = (
    *("id", "file_id", "version", "name", "size"),
    *("sha256", "blake3", "crc32c", "crc32", "stored_at", "belongs"),
)
REPLICA_COLUMNS = (
    *("file", "volume", "object", "offset", "length"),
    *("state", "verified_at", "depth", "made_at", "line"),
)


def record_files(*, volume: UUID, stored_at: datetime, files: Sequence[FileLine]) -> None:
    """Catalogue files and their main copies, as their journal lines describe them, inside the
    caller's transaction.

    A file's first line in a journal has the file's own id. The copy counts as verified at
    `stored_at`: its digests were computed from what was written.
    IntegrityError if a (file id, version) is taken; the caller settles who won.
    """
    bulk.insert(File, [file_row(each, stored_at) for each in files], FILE_COLUMNS)
    bulk.insert(Replica, [replica_row(each, volume, stored_at) for each in files], REPLICA_COLUMNS)


def object_name(*, id: UUID, name: str | None, at: datetime) -> str:
    """The name of a new object: `files/YYYY/MM/DD/HH/<uuid>-<safe name>` for the file `name`, or
    `packs/YYYY/MM/DD/<uuid>.tar` for a pack (None)."""
    return rules.pack_object(id, at) if name is None else rules.file_object(id, name, at)


def file_row(stored: FileLine, at: datetime) -> tuple[Any, ...]:
    """The values of `FILE_COLUMNS`."""
    known = stored.digests
    return (
        *(stored.id, stored.file_id, stored.version, stored.name, known.size),
        *(known.sha256, known.blake3, known.crc32c, known.crc32, at, dict(stored.belongs)),
    )


def replica_row(stored: FileLine, volume: UUID, at: datetime) -> tuple[Any, ...]:
    """The values of `REPLICA_COLUMNS` of a copy that was verified while it was written, at `at`."""
    return (
        *(stored.id, volume, stored.object, stored.offset, stored.length),
        *(ReplicaState.GOOD, at, Depth.WRITTEN, at, stored.id),
    )
