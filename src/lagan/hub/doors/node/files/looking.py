"""Whether a copy on a disk of this node is still what the catalogue says, found out without
disturbing the page cache.

The problems are in the archive server's words, which programs look for in its report. Source:
reference/ngas-http.md section 8.
"""

from __future__ import annotations

from dataclasses import dataclass

from lagan.hub.doors.node.files import checksums
from lagan.hub.doors.node.files.catalogue import digests_of
from lagan.hub.doors.node.models import Proof, StoredFile
from lagan.hub.doors.node.volumes.disks import MountedDisk
from lagan.kit.digests import Digester, Digests
from lagan.kit.errors import LaganError, NotFound
from lagan.store.quiet import read_quietly
from lagan.store.rate import Throttle
from lagan.store.verify import verify

MISSING = "ERROR: File in DB missing on disk"
WRONG_SIZE = "ERROR: File has wrong size. Expected: {}/Actual: {}."
BAD_CHECKSUM = "ERROR: Inconsistent checksum found"
UNREADABLE = "ERROR: File cannot be read: {}"


@dataclass(frozen=True, slots=True)
class Look:
    """What was seen of a copy; `problem` is empty when it is in order. `taken` are the digests of
    all its bytes, where we had none yet. `read` is in bytes."""

    row: StoredFile
    problem: str = ""
    taken: Digests | None = None
    read: int = 0


def look(
    disk: MountedDisk,
    row: StoredFile,
    proof: Proof | None,
    *,
    scan: bool = False,
    rate: Throttle | None = None,
) -> Look:
    """Is it there, is it as long as it should be and, unless only to `scan`, are its bytes those
    that were archived. Never raises for what it finds."""
    try:
        size = disk.store.stat(row.file_name).size
    except NotFound:
        return Look(row, MISSING)
    except LaganError as error:
        return Look(row, UNREADABLE.format(error.sentence))
    if size != int(row.file_size):
        return Look(row, WRONG_SIZE.format(row.file_size, size))
    if scan:
        return Look(row)
    return _known(disk, row, proof, rate) if proof is not None else _first(disk, row, rate)


def agrees(row: StoredFile, found: Digests) -> bool:
    """Whether bytes are what a row says: its size, and its checksum as far as we can compute it."""
    if found.size != int(row.file_size):
        return False
    if not row.checksum:
        return True
    try:
        variant = checksums.variant_of(row.checksum_plugin or "")
    except ValueError:
        # A checksum by a plug-in of the site says nothing to us.
        return True
    tried = (variant,) if variant else (checksums.CRC32, checksums.CRC32C)
    return any(checksums.same(checksums.value(found, each), row.checksum) for each in tried)


def _known(disk: MountedDisk, row: StoredFile, proof: Proof, rate: Throttle | None) -> Look:
    expected = digests_of(proof, int(row.file_size))
    if not agrees(row, expected):
        # The bytes may be in order: then it is the catalogue's row that somebody changed.
        return Look(row, f"{BAD_CHECKSUM}: the catalogue has {row.checksum} for it")
    found = verify(disk.store, row.file_name, 0, expected.size, expected, rate=rate)
    if found.good:
        return Look(row, read=found.read)
    if found.state == "missing":
        return Look(row, MISSING)
    if found.state == "unreachable":
        return Look(row, UNREADABLE.format(found.reason), read=found.read)
    return Look(row, BAD_CHECKSUM, read=found.read)


def _first(disk: MountedDisk, row: StoredFile, rate: Throttle | None) -> Look:
    """A copy that another server archived: all digests are taken."""
    digester = Digester()
    try:
        for piece in read_quietly(disk.store, row.file_name, 0, int(row.file_size)):
            digester.update(piece)
            if rate is not None:
                rate.take(memoryview(piece).nbytes)
    except NotFound:
        return Look(row, MISSING)
    except LaganError as error:
        return Look(row, UNREADABLE.format(error.sentence), read=digester.size)
    found = digester.result()
    return Look(row, "" if agrees(row, found) else BAD_CHECKSUM, found, found.size)
