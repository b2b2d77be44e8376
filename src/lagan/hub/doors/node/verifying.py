"""Whether a copy on a disk of this node is what the catalogue says it is."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from lagan.hub.doors.node import catalogue, checksums, damage
from lagan.hub.doors.node.disks import MountedDisk
from lagan.hub.doors.node.models import Proof, StoredFile
from lagan.kit.digests import Digests, digests_of
from lagan.kit.errors import LaganError, NotFound
from lagan.store.quiet import read_quietly
from lagan.store.verify import verify

if TYPE_CHECKING:
    from lagan.hub.doors.node.node import ArchiveNode


def look(disk: MountedDisk, row: StoredFile, proof: Proof | None) -> str:
    """What is wrong with the bytes, as part of a sentence; empty when they are right. By our own
    digests where we have them, else by the catalogue's checksum."""
    try:
        size = disk.store.stat(row.file_name).size
        if size != int(row.file_size):
            return f"it has {size} bytes instead of {row.file_size}"
        if proof is not None:
            expected = catalogue.digests_of(proof, size)
            return verify(disk.store, row.file_name, 0, size, expected, depth="full").reason
        return difference(row, None, digests_of(read_quietly(disk.store, row.file_name)))
    except NotFound:
        return "it is not on the disk"
    except LaganError as error:
        return f"it cannot be read: {error.sentence}"


def difference(row: StoredFile, proof: Proof | None, found: Digests) -> str:
    """What the catalogue knows of a copy and these digests do not agree with; empty when they
    do."""
    if found.size != int(row.file_size):
        return f"it has {found.size} bytes instead of {row.file_size}"
    if proof is not None:
        known = catalogue.digests_of(proof, int(row.file_size))
        return "" if known.agrees_with(found) else "its digests do not agree"
    try:
        variant = checksums.variant_of(row.checksum_plugin or "")
    except ValueError:
        # A plug-in of the site made it: there is nothing to compare with.
        return ""
    if variant is None or row.checksum is None:
        return ""
    value = checksums.value(found, variant)
    if checksums.same(value, row.checksum):
        return ""
    return f"its checksum is {value} instead of {row.checksum}"


def check(node: ArchiveNode, disk: MountedDisk, row: StoredFile) -> str:
    """Look at a copy and note what was seen: damage is flagged, a flag that is wrong is cleared.
    What is wrong, or nothing."""
    proof = catalogue.proofs([row]).get(catalogue.key_of(row))
    finding = look(disk, row, proof)
    if finding:
        damage.report(node, disk, row, finding)
    else:
        with catalogue.turn():
            catalogue.mark(row, finding="", at=datetime.now(UTC))
    return finding
