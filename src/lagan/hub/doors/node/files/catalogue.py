"""The catalogue's rows of files: which copies there are, which version comes next, what is added,
replaced and removed."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from hashlib import blake2b
from types import MappingProxyType
from typing import Any
from uuid import UUID

from django.db import connection, transaction
from django.db.models import QuerySet

from lagan.hub.base import bulk, locks
from lagan.hub.doors.node.containers import sizes
from lagan.hub.doors.node.models import Cached, Proof, StoredFile
from lagan.kit.digests import Digests

GOOD = "00000000"
BAD_BIT = "1"
"""The first flag of `file_status` says that a copy is damaged."""

Key = tuple[str, int, str]
"""File id, version, disk id."""


@contextmanager
def turn() -> Iterator[None]:
    """One transaction that writes; on SQLite writers of all processes come in line."""
    with locks.turn("node.catalogue"), transaction.atomic():
        yield


def hold_ids(ids: Iterable[str]) -> None:
    """Let nobody else in the cluster give versions to these files until the transaction ends."""
    if connection.vendor != "postgresql":
        return
    numbers = sorted({_number(each) for each in ids})
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_advisory_xact_lock(n) FROM unnest(%s::bigint[]) AS n ORDER BY n", [numbers]
        )


def latest_versions(ids: Iterable[str]) -> dict[str, int]:
    """The highest version of each file, of any disk; files without one are left out. Written as it
    is sent, because every archive asks this: making it from objects costs more than the answer."""
    wanted = sorted(set(ids))
    if not wanted:
        return {}
    marks = ", ".join(["%s"] * len(wanted))
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT file_id, MAX(file_version) FROM ngas_files"  # noqa: S608 - marks only
            f" WHERE file_id IN ({marks}) GROUP BY file_id",
            wanted,
        )
        return {id: int(latest) for id, latest in cursor.fetchall()}


def copies(
    file_id: str, *, version: int | None = None, disk_id: str | None = None
) -> list[StoredFile]:
    """All copies of a file, newest version first; those of one version, on one disk."""
    rows = StoredFile.objects.filter(file_id=file_id)
    if version is not None:
        rows = rows.filter(file_version=version)
    if disk_id is not None:
        rows = rows.filter(disk_id=disk_id)
    return list(rows.order_by("-file_version", "disk_id"))


def newest(
    file_id: str, *, version: int | None = None, disk_id: str | None = None
) -> list[StoredFile]:
    """All copies of the highest version of a file, or of the version asked for."""
    found = copies(file_id, version=version, disk_id=disk_id)
    return [each for each in found if each.file_version == found[0].file_version]


def proofs(rows: Sequence[StoredFile]) -> dict[Key, Proof]:
    """What we know of these copies, by key."""
    wanted = {key_of(each) for each in rows}
    found = Proof.objects.filter(file_id__in={each.file_id for each in rows})
    return {key_of(each): each for each in found if key_of(each) in wanted}


def key_of(row: StoredFile | Proof) -> Key:
    """What tells a copy from all others."""
    return row.file_id, int(row.file_version), row.disk_id


def is_bad(row: StoredFile) -> bool:
    """Whether a copy was seen to be damaged."""
    return full_status(row).startswith(BAD_BIT)


def full_status(row: StoredFile) -> str:
    """All eight flags: the archive server also writes them as a number, `100` for `00000100`."""
    return (row.file_status or GOOD).strip().zfill(len(GOOD))


def digests_of(proof: Proof, size: int) -> Digests:
    """The digests that we took of a copy ourselves."""
    return Digests(size, int(proof.crc32c), int(proof.crc32), proof.sha256)


_FILE_COLUMNS = (
    *("disk_id", "file_name", "file_id", "file_version", "format", "file_size"),
    *("uncompressed_file_size", "compression", "ingestion_date", "file_ignore", "checksum"),
    *("checksum_plugin", "file_status", "creation_date", "container_id", "ingestion_rate"),
    "io_time",
)
_PROOF_COLUMNS = (
    *("disk_id", "file_id", "file_version", "line", "sha256", "crc32c", "crc32"),
    *("checked_at", "finding"),
)
Watch = Callable[[Sequence[StoredFile], Collection[tuple[str, int]]], None]
"""Told of new copies, and which files and versions of them have new content."""
WATCHES: list[Watch] = []
"""Called inside the transaction that catalogues copies, whoever asked for it."""


def add(
    rows: Sequence[StoredFile],
    proven: Sequence[Proof],
    room: Mapping[str, int] = MappingProxyType({}),
    renewed: Collection[tuple[str, int]] = (),
) -> None:
    """Catalogue copies with their proofs and count them on their disks, inside the caller's
    transaction. `room`: what is available now on these disks, in MiB. `renewed`: files and versions
    whose content took the place of an older one."""
    with _sizes_kept(rows):
        bulk.insert(StoredFile, [_values(each, _FILE_COLUMNS) for each in rows], _FILE_COLUMNS)
    bulk.insert(Proof, [_values(each, _PROOF_COLUMNS) for each in proven], _PROOF_COLUMNS)
    _count(rows, 1, room)
    for watch in WATCHES:
        watch(rows, renewed)


@contextmanager
def _sizes_kept(rows: Sequence[StoredFile]) -> Iterator[None]:
    """Containers' sizes follow what becomes of these copies; copies in none cost nothing."""
    inside = [each.file_id for each in rows if each.container_id]
    if not inside:
        yield
        return
    hold_ids(inside)
    with sizes.kept(inside):
        yield


def _values(row: StoredFile | Proof, columns: Sequence[str]) -> tuple[Any, ...]:
    return tuple(getattr(row, each) for each in columns)


@dataclass(frozen=True, slots=True)
class Removed:
    """A copy that the catalogue does not have any more, and its line in its disk's journal, if it
    was ours."""

    row: StoredFile
    line: UUID | None


def remove(rows: Sequence[StoredFile]) -> list[Removed]:
    """Take copies out of the catalogue, inside the caller's transaction. After it commits,
    `removing.clear` takes their bytes and lines."""
    known = proofs(rows)
    with _sizes_kept(rows):
        for row in rows:
            at = {"file_id": row.file_id, "file_version": row.file_version, "disk_id": row.disk_id}
            for table in (StoredFile, Proof, Cached):
                table.objects.filter(**at).delete()
    _count(rows, -1)
    lines = {key: each.line for key, each in known.items()}
    return [Removed(each, lines.get(key_of(each))) for each in rows]


def on_disk(disk_id: str) -> QuerySet[StoredFile]:
    """All copies on a disk."""
    return StoredFile.objects.filter(disk_id=disk_id)


def mark(row: StoredFile, *, finding: str, at: datetime) -> None:
    """Note what was seen of a copy; an empty finding says that it is in order."""
    bad = BAD_BIT if finding else "0"
    status = bad + full_status(row)[1:]
    at_key = {"file_id": row.file_id, "file_version": row.file_version, "disk_id": row.disk_id}
    StoredFile.objects.filter(**at_key).update(file_status=status)
    Proof.objects.filter(**at_key).update(finding=finding, checked_at=at)
    row.file_status = status


def move(row: StoredFile, proof: Proof, *, at: datetime) -> None:
    """A copy lies elsewhere on its disk now, as `row` says, with the bytes of `proof`, which are in
    order. Inside the caller's transaction."""
    key = {"file_id": row.file_id, "file_version": row.file_version, "disk_id": row.disk_id}
    StoredFile.objects.filter(**key).update(file_name=row.file_name)
    Proof.objects.filter(**key).delete()
    prove([proof])
    mark(row, finding="", at=at)


def prove(proven: Sequence[Proof]) -> None:
    """Keep what we know now of copies that were catalogued before."""
    bulk.insert(Proof, [_values(each, _PROOF_COLUMNS) for each in proven], _PROOF_COLUMNS)


def set_checksums(rows: Sequence[StoredFile]) -> None:
    """Write the checksums of rows, inside the caller's transaction."""
    with connection.cursor() as cursor:
        cursor.executemany(
            "UPDATE ngas_files SET checksum = %s, checksum_plugin = %s"
            " WHERE file_id = %s AND file_version = %s AND disk_id = %s",
            [
                (each.checksum, each.checksum_plugin, each.file_id, each.file_version, each.disk_id)
                for each in rows
            ],
        )


def damaged_on(disk_id: str) -> list[tuple[StoredFile, str]]:
    """Copies on a disk that are known to be damaged, with what was seen of them; a thousand at
    most."""
    found = Proof.objects.filter(disk_id=disk_id).exclude(finding="").order_by("file_id")[:1000]
    findings = {key_of(each): each.finding for each in found}
    rows = on_disk(disk_id).filter(file_id__in={id for id, _, _ in findings})
    return [(each, findings[key_of(each)]) for each in rows if key_of(each) in findings]


def _count(
    rows: Sequence[StoredFile], sign: int, room: Mapping[str, int] = MappingProxyType({})
) -> None:
    files = Counter(each.disk_id for each in rows)
    sizes: dict[str, int] = defaultdict(int)
    for each in rows:
        sizes[each.disk_id] += int(each.file_size)
    with connection.cursor() as cursor:
        for disk_id in sorted(files):
            cursor.execute(
                "UPDATE ngas_disks SET number_of_files = number_of_files + %s,"
                " bytes_stored = bytes_stored + %s, available_mb = COALESCE(%s, available_mb)"
                " WHERE disk_id = %s",
                [sign * files[disk_id], sign * sizes[disk_id], room.get(disk_id), disk_id],
            )


def _number(file_id: str) -> int:
    """A file id as one of PostgreSQL's lock numbers."""
    return int.from_bytes(blake2b(file_id.encode(), digest_size=8).digest(), "big", signed=True)
