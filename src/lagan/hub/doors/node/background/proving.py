"""Copies that another server archived get digests of ours, and a checksum where they have none:
many in one journal line's flush and one transaction."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

from lagan.hub.doors.node.files import catalogue, checksums
from lagan.hub.doors.node.files.catalogue import key_of
from lagan.hub.doors.node.models import Proof, StoredFile
from lagan.hub.doors.node.volumes.disks import MountedDisk
from lagan.hub.doors.node.volumes.journal_lines import line_of
from lagan.kit.digests import Digests
from lagan.kit.ids import new_id

First = tuple[StoredFile, Digests]


def prove(disk: MountedDisk, firsts: Sequence[First], variant: str | None) -> list[StoredFile]:
    """Keep the digests of copies on a disk, in its journal too where we may write it; the copies
    that got a checksum, of `variant`. Those that are not there any more are passed over."""
    now = datetime.now(UTC)
    there = _unchanged(disk, [row for row, _ in firsts])
    kept = [(row, digests) for row, digests in firsts if key_of(row) in there]
    without = [(row, digests) for row, digests in kept if not row.checksum and variant]
    for row, digests in without:
        row.checksum, row.checksum_plugin = checksums.value(digests, variant), variant
    proofs = [_proof(row, digests, now) for row, digests in kept]
    if disk.writable:
        triples = zip(kept, proofs, strict=True)
        disk.journal.append([line_of(row, each.line, got, now) for (row, got), each in triples])
    generated = [row for row, _ in without]
    with catalogue.turn():
        catalogue.prove(proofs)
        catalogue.set_checksums(generated)
        for row, _ in kept:
            if catalogue.is_bad(row):
                catalogue.mark(row, finding="", at=now)
    return generated


def _proof(row: StoredFile, digests: Digests, now: datetime) -> Proof:
    return Proof(
        disk_id=row.disk_id, file_id=row.file_id, file_version=row.file_version, line=new_id(),
        sha256=digests.sha256, crc32c=digests.crc32c, crc32=digests.crc32, checked_at=now,
    )  # fmt: skip


def _unchanged(disk: MountedDisk, rows: Sequence[StoredFile]) -> set[catalogue.Key]:
    """Those that are still where they were and have no proof yet."""
    names = {key_of(each): each.file_name for each in rows}
    found = catalogue.on_disk(disk.id).filter(file_id__in={each.file_id for each in rows})
    same = [each for each in found if names.get(key_of(each)) == each.file_name]
    return {key_of(each) for each in same} - set(catalogue.proofs(same))
