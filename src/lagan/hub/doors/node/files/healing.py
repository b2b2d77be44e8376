"""A damaged copy becomes a good one again, from another copy here or at another node.

Verb: `heal`. The new bytes are written beside the damaged ones, must be those that were archived,
and are durable before the catalogue names them; only then the damaged ones go. Whenever it breaks
off, the catalogue names either the old object or the new one. Better than reference/ngas-http.md
section 17.4, where a bad copy stays bad.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import Future
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any

from lagan.hub.audit import services as audit
from lagan.hub.audit.kinds import Kind
from lagan.hub.doors.node.cluster import peers
from lagan.hub.doors.node.files import catalogue
from lagan.hub.doors.node.files.finding import Found, find
from lagan.hub.doors.node.files.looking import agrees
from lagan.hub.doors.node.models import Proof, StoredFile
from lagan.hub.doors.node.volumes.disks import MountedDisk
from lagan.hub.doors.node.volumes.journal_lines import line_of
from lagan.kit.digests import Buffer, Digests
from lagan.kit.errors import Conflict, DigestMismatch, LaganError, Unavailable
from lagan.kit.ids import new_id
from lagan.store.journal import VoidLine
from lagan.store.quiet import read_quietly
from lagan.store.volume import Incoming
from lagan.store.writer import GroupCommit, Landing, Verdict, Waiting

if TYPE_CHECKING:
    from lagan.hub.doors.node.node import ArchiveNode

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class _Patient:
    """The copy that is healed: its row and proof as they were when it was looked at."""

    disk: MountedDisk
    row: StoredFile
    proof: Proof | None

    @property
    def contradicts_itself(self) -> bool:
        """Whether the row's checksum is not that of the bytes that were archived: no bytes agree
        with both."""
        return self.proof is not None and not agrees(
            self.row, catalogue.digests_of(self.proof, int(self.row.file_size))
        )

    def is_made_of(self, found: Digests) -> bool:
        """Whether these are the bytes that were archived."""
        if self.proof is None:
            return agrees(self.row, found)
        return catalogue.digests_of(self.proof, int(self.row.file_size)).agrees_with(found)


def heal(node: ArchiveNode, disk: MountedDisk, row: StoredFile, *, why: str) -> str:
    """Give this copy good bytes; where they came from, as `disk <id>` or `<id> at <host>`, and
    empty when nothing could be done now. `why` is what was wrong with it."""
    patient = _Patient(disk, row, catalogue.proofs([row]).get(catalogue.key_of(row)))
    if patient.contradicts_itself:
        _log.error("%s is not healed: its checksum in the catalogue is not that of its bytes.", row)
        return ""
    for source in _sources(node, row):
        try:
            _take(node, patient, source, why)
        except Conflict as error:
            _log.info("%s is not healed: %s", row, error.sentence)
            return ""
        except LaganError as error:
            _log.warning("%s is not healed from %s: %s", row, _name(source), error.sentence)
        else:
            _log.warning("%s was healed from %s: %s", row, _name(source), why)
            return _name(source)
    return ""


def clear(node: ArchiveNode, row: StoredFile) -> None:
    """A copy was flagged, and is in order all the same: a cable, a flag set by mistake."""
    with catalogue.turn():
        catalogue.mark(row, finding="", at=datetime.now(UTC))
        data = {"file": f"{row.file_id}/{row.file_version}", "disk": row.disk_id}
        audit.record(kind=Kind.NODE_HEALED, by=node.by, data={**data, "why": "seen in order"})


def _sources(node: ArchiveNode, row: StoredFile) -> list[Found]:
    """Other copies, the nearest first; where all are known to be damaged they are tried all the
    same, because one may be in order again, and only the right bytes are taken."""
    found = find(node, row.file_id, int(row.file_version))
    return [each for each in found if each.row.disk_id != row.disk_id]


def _name(source: Found) -> str:
    if source.disk is not None:
        return f"disk {source.disk.id}"
    return f"{source.row.disk_id} at {source.host.host_id if source.host else 'no host'}"


def _take(node: ArchiveNode, patient: _Patient, source: Found, why: str) -> None:
    disk = patient.disk
    if not disk.writable:
        raise Unavailable(f"The disk {disk.id} is only read.")
    if disk.free() < int(patient.row.file_size):
        raise Unavailable(f"The disk {disk.id} is full.")
    incoming = disk.store.receive(new_id().hex)
    try:
        for piece in _pieces(node, source):
            incoming.write([piece])
        if not patient.is_made_of(incoming.digests()):
            raise DigestMismatch("these are not the bytes that were archived", source=_name(source))
        _settle(node, patient, incoming, f"{why} Healed from {_name(source)}.")
    finally:
        # Nothing is left to discard once it is published.
        incoming.discard()


def _pieces(node: ArchiveNode, source: Found) -> Iterator[Buffer]:
    row = source.row
    if source.disk is not None:
        yield from read_quietly(source.disk.store, row.file_name, 0, int(row.file_size))
        return
    if source.host is None:
        raise Unavailable("nobody has it")
    wanted = {"file_id": row.file_id, "file_version": row.file_version, "disk_id": row.disk_id}
    with peers.fetch(node, source.host, "RETRIEVE", wanted) as answer:
        if answer.status != 200:
            raise Unavailable(f"{answer.who} answered {answer.status} {answer.message}.")
        yield from answer.pieces()


def _settle(node: ArchiveNode, patient: _Patient, incoming: Incoming, why: str) -> None:
    """Under its old name if that is free, else in a folder of its own."""
    digests = incoming.digests()
    for name in (patient.row.file_name, _apart(patient.row.file_name)):
        landing = Landing(incoming, name, digests)
        done: Future[Any] = Future()
        disk = patient.disk
        commit = GroupCommit(
            disk.store, disk.journal, lambda found: _switch(node, patient, found, why)
        )
        commit.settle([Waiting(landing, done)])
        try:
            done.result()
        except Conflict:
            # The name is taken, by the damaged bytes as a rule. A copy that is gone is no reason
            # to try again: then the incoming is empty-handed.
            if name != patient.row.file_name or not _exists(disk, name):
                raise
            continue
        _forget(patient, name)
        return


def _apart(name: str) -> str:
    path = PurePosixPath(name)
    return str(path.parent / new_id().hex / path.name)


def _exists(disk: MountedDisk, name: str) -> bool:
    try:
        disk.store.stat(name)
    except LaganError:
        return False
    return True


@contextmanager
def _switch(
    node: ArchiveNode, patient: _Patient, landings: Sequence[Landing], why: str
) -> Iterator[list[Verdict]]:
    """The catalogue names the new object, and the journal with it."""
    (landing,) = landings
    now = datetime.now(UTC)
    with catalogue.turn():
        catalogue.hold_ids([patient.row.file_id])
        row = _unchanged(patient)
        digests: Digests = landing.context
        proof = Proof(
            disk_id=row.disk_id, file_id=row.file_id, file_version=row.file_version, line=new_id(),
            sha256=digests.sha256, crc32c=digests.crc32c, crc32=digests.crc32, checked_at=now,
        )  # fmt: skip
        row.file_name = landing.object
        catalogue.move(row, proof, at=now)
        data = {"file": f"{row.file_id}/{row.file_version}", "disk": row.disk_id, "why": why}
        audit.record(kind=Kind.NODE_HEALED, by=node.by, data=data)
        yield [Verdict(row, [line_of(row, proof.line, digests, now)])]


def _unchanged(patient: _Patient) -> StoredFile:
    """The row as it is now. Conflict: the copy is not there any more, or not where it was."""
    row = patient.row
    found = catalogue.copies(row.file_id, version=int(row.file_version), disk_id=row.disk_id)
    if not found or found[0].file_name != row.file_name:
        raise Conflict(f"{row} is not what it was.")
    return found[0]


def _forget(patient: _Patient, name: str) -> None:
    """The damaged bytes and their line go; another id may still name them."""
    disk, row = patient.disk, patient.row
    try:
        if patient.proof is not None:
            disk.journal.append([VoidLine(patient.proof.line, datetime.now(UTC).timestamp())])
        if name != row.file_name and not _named(disk, row.file_name):
            disk.store.delete(row.file_name)
    except LaganError as error:
        _log.error("What was damaged of %s stays on its disk: %s", row, error.sentence)


def _named(disk: MountedDisk, name: str) -> bool:
    return catalogue.on_disk(disk.id).filter(file_name=name).exists()


def damaged(disks: Iterable[MountedDisk]) -> Iterator[tuple[MountedDisk, StoredFile, str]]:
    """Copies on these disks that are known to be damaged, and what was seen of them."""
    for disk in disks:
        for row, finding in catalogue.damaged_on(disk.id):
            yield disk, row, finding
