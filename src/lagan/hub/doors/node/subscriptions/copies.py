"""The copies of a file that can be delivered, the best first, with what tells whether their bytes
are right."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from lagan.hub.doors.node.files import catalogue, checksums
from lagan.hub.doors.node.models import Delivery, Disk, Proof, StoredFile
from lagan.hub.doors.node.subscriptions.sending import Damaged, Parcel
from lagan.kit.digests import Buffer, Digester
from lagan.kit.errors import LaganError, NotFound
from lagan.kit.paths import open_beneath

if TYPE_CHECKING:
    from lagan.hub.doors.node.node import ArchiveNode

PIECE = 1 << 20


def parcels(node: ArchiveNode, wanted: Delivery) -> Iterator[Parcel]:
    """Copies of a file that this node can read, that of the queue first; those that are known to be
    damaged only when there is no other. NotFound when there is none."""
    rows = catalogue.copies(wanted.file_id, version=wanted.file_version)
    good = [each for each in rows if not catalogue.is_bad(each)]
    chosen = sorted(good or rows, key=lambda each: each.disk_id != wanted.disk_id)
    proofs = catalogue.proofs(chosen)
    found = 0
    for row in chosen:
        read = _reader(node, row)
        if read is not None:
            found += 1
            yield Parcel(row, read(), Check(row, proofs.get(catalogue.key_of(row))))
    if not found:
        raise NotFound(
            f"No copy of {wanted.file_id}, version {wanted.file_version}, is at this node."
        )


class Check:
    """Whether the bytes of a copy are those of the catalogue; called with each piece, and with None
    at the end."""

    def __init__(self, row: StoredFile, proof: Proof | None) -> None:
        self._row, self._proof = row, proof
        self._digester = Digester(())

    def __call__(self, piece: Buffer | None) -> None:
        """Damaged, at the end."""
        if piece is not None:
            self._digester.update(piece)
            return
        taken, row, proof = self._digester.result(), self._row, self._proof
        right = taken.size == row.file_size
        if proof is not None:
            right = right and (taken.crc32c, taken.crc32) == (proof.crc32c, proof.crc32)
        elif row.checksum is not None:
            variant = checksums.variant_of(row.checksum_plugin or "")
            right = right and checksums.same(checksums.value(taken, variant), row.checksum)
        if not right:
            raise Damaged(f"{row} is not what the catalogue says.")


def _reader(node: ArchiveNode, row: StoredFile) -> Callable[[], Iterator[Buffer]] | None:
    disk = node.disks.get(row.disk_id)
    if disk is not None:
        return lambda: disk.store.read(row.file_name)
    if node.options.datamover:
        return _beside(row)
    return None


def _beside(row: StoredFile) -> Callable[[], Iterator[Buffer]] | None:
    """A data mover reads the volumes of the node that it helps where that has them mounted."""
    disk = Disk.objects.filter(pk=row.disk_id, mounted=1).first()
    if disk is None or not disk.mount_point:
        return None
    mount_point = disk.mount_point

    def read() -> Iterator[Buffer]:
        try:
            opened = open_beneath(mount_point, row.file_name, os.O_RDONLY)
            with os.fdopen(opened, "rb") as source:
                while piece := source.read(PIECE):
                    yield piece
        except OSError as error:
            raise Unreadable(f"{row} cannot be read: {error.strerror}.") from None

    return read


class Unreadable(LaganError):
    """The bytes of a copy cannot be had."""

    code, status = "unreadable", 500
