"""One more copy of a file on a disk of this node: read from a good one wherever it is, verified
before it counts, with the same id, version and facts."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from lagan.hub.audit.kinds import Kind
from lagan.hub.doors.node.cluster import peers, relaying
from lagan.hub.doors.node.files import catalogue, damage
from lagan.hub.doors.node.files.arriving import Facts, receive
from lagan.hub.doors.node.files.finding import Found, find
from lagan.hub.doors.node.files.looking import agrees
from lagan.hub.doors.node.models import Proof, StoredFile
from lagan.hub.doors.node.volumes.disks import MAIN, MountedDisk
from lagan.hub.doors.node.wire.messages import CLONE_REJECTED, UNAVAIL_FILE
from lagan.hub.doors.node.wire.naming import named
from lagan.hub.doors.node.wire.reply import Failed
from lagan.kit.digests import Buffer, Digests
from lagan.kit.errors import LaganError, NotFound, Unavailable

if TYPE_CHECKING:
    from lagan.hub.doors.node.node import ArchiveNode

_coming: set[tuple[str, int, str]] = set()
_guard = threading.Lock()


def copy(
    node: ArchiveNode, file_id: str, version: int | None, *, prefer: str = "", target: str = ""
) -> StoredFile:
    """The row of the new copy. `prefer` is the disk to read from if its copy is good, `target` the
    one to write to. Failed: there is no good copy that can be read, or no disk for another."""
    sources = find(node, file_id, version)
    if not sources:
        raise Failed(UNAVAIL_FILE.say(named(file_id, version, prefer)))
    sources.sort(key=lambda each: each.row.disk_id != prefer)
    row = sources[0].row
    with _reserved(node, row, target) as disk:
        reasons: list[str] = []
        for each in sources:
            try:
                return _copy_from(node, each, disk)
            except (Unavailable, NotFound, _Damaged) as error:
                reasons.append(f"{each.row.disk_id}: {error.sentence}")
    raise Failed(CLONE_REJECTED.say(f"no copy of {row} can be read: {' '.join(reasons)}"))


class _Damaged(LaganError):
    """A source is not what it should be."""

    code = "damaged-source"


@contextmanager
def _reserved(node: ArchiveNode, row: StoredFile, target: str) -> Iterator[MountedDisk]:
    """The disk for another copy; nobody else of this node brings one there meanwhile."""
    with _guard:
        disk = _disk_for(node, row, target)
        key = (row.file_id, int(row.file_version), disk.id)
        _coming.add(key)
    try:
        yield disk
    finally:
        with _guard:
            _coming.discard(key)


def _disk_for(node: ArchiveNode, row: StoredFile, target: str) -> MountedDisk:
    """The partner of a disk that holds the file before others, main disks before replication disks,
    then the one with most room. Failed."""
    file_id, version = row.file_id, int(row.file_version)
    holders = {each.disk_id for each in catalogue.copies(file_id, version=version)}
    holders |= {disk for id, number, disk in _coming if (id, number) == (file_id, version)}
    if target and (node.disks.get(target) is None or target in holders):
        why = "holds a copy already" if target in holders else "is not mounted here"
        raise Failed(CLONE_REJECTED.say(f"the disk {target} {why}"))
    fit = [
        each
        for each in node.disks
        if each.id not in holders
        and (not target or each.id == target)
        and each.takes(int(row.file_size))
    ]
    if not fit:
        raise Failed(
            CLONE_REJECTED.say(f"no disk here without a copy has room for {row.file_size} bytes")
        )
    slots = _slots(node, holders)
    return min(fit, key=lambda each: (each.partner not in slots, each.kind != MAIN, -each.free()))


def _slots(node: ArchiveNode, disks: set[str]) -> set[str]:
    return {each.slot for each in node.disks if each.id in disks}


def _copy_from(node: ArchiveNode, source: Found, disk: MountedDisk) -> StoredFile:
    row = source.row
    proof = catalogue.proofs([row]).get(catalogue.key_of(row))
    incoming = receive(disk, _pieces(node, source))
    if not _is_made_of(row, proof, incoming.digests()):
        incoming.discard()
        finding = "its bytes are not those that were archived"
        if source.disk is not None:
            damage.report(node, source.disk, row, finding)
        else:
            relaying.ask_to_check(node, source)
        raise _Damaged(f"{finding}.")
    settled = node.arrivals.settle(disk, incoming, facts_of(node, row))
    return settled.row


def _is_made_of(row: StoredFile, proof: Proof | None, found: Digests) -> bool:
    """Whether these are the bytes of the file, by our own digests where we have them."""
    if proof is None:
        return agrees(row, found)
    return catalogue.digests_of(proof, int(row.file_size)).agrees_with(found)


def _pieces(node: ArchiveNode, source: Found) -> Iterator[Buffer]:
    row = source.row
    if source.disk is not None:
        yield from source.disk.store.read(row.file_name)
        return
    if source.host is None:
        raise Unavailable("no host has it.")
    which = {"file_id": row.file_id, "file_version": row.file_version, "disk_id": row.disk_id}
    headers = {relaying.RELAYED: "1"}
    with peers.fetch(node, source.host, "RETRIEVE", which, headers=headers) as answer:
        if answer.status != 200:
            raise Unavailable(f"{answer.who} answered {answer.status}: {answer.message}")
        yield from answer.pieces()


def facts_of(node: ArchiveNode, row: StoredFile) -> Facts:
    """What a further copy has in common with one that is there: everything but its disk."""
    return Facts(
        file_id=row.file_id,
        name=row.file_name.rpartition("/")[2],
        format=row.format or "",
        by=node.by,
        checksum=row.checksum,
        checksum_name=row.checksum_plugin,
        version=int(row.file_version),
        path=row.file_name,
        uncompressed_size=int(row.uncompressed_file_size),
        compression=row.compression or "NONE",
        created=row.creation_date,
        ingested=row.ingestion_date,
        container=row.container_id,
        kind=Kind.NODE_COPIED,
    )
