"""From an order and its bytes to copies that are acknowledged.

Verbs: `choose` finds the disk before a byte is read, `store` takes the bytes there, has them named
by the Stream's plug-in, and settles the copy; with replication a second copy, read back from the
first and verified, settles under the same path before anything is acknowledged. What fails leaves
nothing. Source: reference/ngas-http.md sections 4.1, 5.3 and 5.5.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from django.db import DatabaseError, InterfaceError, OperationalError

from lagan.hub.audit.kinds import Kind
from lagan.hub.base.actors import Actor
from lagan.hub.doors.node.archival import space
from lagan.hub.doors.node.archival.filing import file_it, staged_path
from lagan.hub.doors.node.archival.order import Order, checked_id
from lagan.hub.doors.node.files import checksums, removing
from lagan.hub.doors.node.files.arriving import Facts, receive, timed
from lagan.hub.doors.node.files.pulling import Source
from lagan.hub.doors.node.models import StoredFile
from lagan.hub.doors.node.plugins import system
from lagan.hub.doors.node.plugins.dapi import Filed
from lagan.hub.doors.node.volumes.disks import MountedDisk
from lagan.hub.doors.node.wire.messages import DB_COM, NO_STORAGE_SETS
from lagan.hub.doors.node.wire.reply import Failed
from lagan.kit.digests import Digests
from lagan.kit.errors import DigestMismatch, LaganError
from lagan.store.volume import Incoming

if TYPE_CHECKING:
    from lagan.hub.doors.node.node import ArchiveNode

_log = logging.getLogger(__name__)
PIECE = 1 << 20
LONGEST_WORD = 128
"""Characters of a type or of a compression, as the catalogue holds them."""
Hold = Callable[[Path, Digests], None]


class NoStorageSets(Failed):
    """No disk takes such a file now."""

    code = "no-storage-sets"


class DatabaseAway(Failed):
    """The catalogue cannot be reached."""

    code = "database-away"


@dataclass(frozen=True, slots=True)
class Stored:
    """A file that is acknowledged: its row and the disk of its main copy."""

    row: StoredFile
    disk: MountedDisk


def choose(node: ArchiveNode, order: Order, size: int | None) -> MountedDisk:
    """The disk for a file of so many bytes. NoStorageSets, which is mailed."""
    try:
        return find_disk(node, order, size)
    except NoStorageSets as error:
        node.mail.send("no_disk_space", "NO STORAGE SET AVAILABLE", error.sentence)
        raise


def find_disk(node: ArchiveNode, order: Order, size: int | None) -> MountedDisk:
    """By the Stream's storage sets for ARCHIVE, any disk for QARCHIVE. NoStorageSets."""
    least = max(size or 0, 1)
    if order.full:
        sets = order.stream.storage_sets
        found = node.disks.fullest(sets, least, replicate=_replicates(node))
    else:
        found = node.disks.anywhere(least)
    if found is None:
        raise NoStorageSets(NO_STORAGE_SETS.say(order.mime_type))
    return found


def store(
    node: ArchiveNode,
    order: Order,
    source: Source,
    disk: MountedDisk,
    *,
    by: Actor,
    hold: Hold | None = None,
) -> Stored:
    """Take the bytes to the disk and acknowledge them. On any refusal nothing of them stays.
    `hold` is told where all of them lie before they are filed."""
    with space.in_line(node, disk):
        began = time.monotonic()
        incoming = receive(disk, source.pieces)
        spent = time.monotonic() - began
        with _discarded_on_error(incoming):
            if not incoming.size:
                raise Failed("Content-Length is 0 or unknown", 411)
            check_sum(order, incoming.digests())
            if hold is not None:
                hold(staged_path(incoming), incoming.digests())
            if order.full:
                # Our own flush comes with the acknowledgement; this is an installation's own.
                system.synchronise(node)
            rate = timed(began, incoming.size)
            filed = file_it(node, order, incoming, disk.path)
            incoming = _kept(disk, incoming, filed)
        facts = _facts(order, filed, incoming, by=by, rate=rate, spent=spent)
        row = settle(node, disk, incoming, facts, replicated=order.full and _replicates(node))
    space.look(node, disk)
    return Stored(row, disk)


def settle(
    node: ArchiveNode, disk: MountedDisk, incoming: Incoming, facts: Facts, *, replicated: bool
) -> StoredFile:
    """Acknowledge staged bytes, with a copy on the partner disk where that is asked for."""
    partner = node.disks.partner_of(disk) if replicated else None
    with _discarded_on_error(incoming):
        twin = None if partner is None else copy_staged(incoming, partner)
    with _discarded_on_error(twin), database_needed():
        settled = node.arrivals.settle(disk, incoming, facts)
    if partner is not None and twin is not None:
        _settle_twin(node, partner, twin, facts, settled.row)
    removing.clear(node.disks, settled.replaced)
    return settled.row


def _settle_twin(
    node: ArchiveNode, partner: MountedDisk, twin: Incoming, facts: Facts, row: StoredFile
) -> None:
    """The second copy, under the same path. Where that fails the first goes too, unless it took
    the place of what was there before: then one copy is better than none."""
    same = replace(
        facts,
        path=row.file_name,
        version=int(row.file_version),
        replaces=False,
        container=row.container_id,
        ingested=row.ingestion_date,
        created=row.creation_date,
        kind=Kind.NODE_COPIED,
    )
    try:
        with database_needed():
            node.arrivals.settle(partner, twin, same)
    except LaganError:
        if not facts.replaces:
            removing.remove(node.disks, [row], by=facts.by, why="its replica failed")
        raise


def copy_staged(incoming: Incoming, disk: MountedDisk) -> Incoming:
    """The same bytes staged at another disk, read back from where they are and compared.
    DigestMismatch when they are not those that arrived."""
    copied = receive(disk, _staged(incoming))
    with _discarded_on_error(copied):
        if not copied.digests().agrees_with(incoming.digests()):
            raise DigestMismatch("The bytes that were staged do not come back as they arrived.")
    return copied


def check_sum(order: Order, found: Digests) -> None:
    """Failed when the bytes are not those that the sender announced."""
    if order.expected is None:
        return
    ours = checksums.value(found, order.variant or checksums.CRC32)
    if not checksums.same(ours, order.expected):
        raise Failed(
            f"Checksum error for file {order.uri}, local crc = {ours}, "
            f"but remote crc = {order.expected}"
        )


@contextmanager
def database_needed() -> Iterator[None]:
    """DatabaseAway when the catalogue does not answer; Failed when it does not take the rows."""
    try:
        yield
    except (OperationalError, InterfaceError) as error:
        _log.exception("the catalogue does not answer")
        raise DatabaseAway(DB_COM.say(type(error).__name__)) from None
    except DatabaseError as error:
        _log.exception("the catalogue refuses")
        raise Failed(f"The catalogue does not take this file: {type(error).__name__}.") from None


def _replicates(node: ArchiveNode) -> bool:
    return node.config.archiving is not None and node.config.archiving.replication


def _kept(disk: MountedDisk, incoming: Incoming, filed: Filed) -> Incoming:
    """The bytes that are kept: those that arrived, or what the plug-in made of them."""
    if filed.content is None:
        return incoming
    made = receive(disk, filed.content())
    incoming.discard()
    return made


def _facts(
    order: Order, filed: Filed, incoming: Incoming, *, by: Actor, rate: float, spent: float
) -> Facts:
    return Facts(
        file_id=checked_id(filed.file_id),
        name=filed.name,
        format=filed.format[:LONGEST_WORD],
        by=by,
        checksum=checksums.value(incoming.digests(), order.variant),
        checksum_name=order.checksum_name,
        version=order.version,
        replaces=order.replaces,
        day=filed.day,
        path=filed.path,
        uncompressed_size=filed.uncompressed_size,
        compression=filed.compression[:LONGEST_WORD],
        rate=rate,
        io_time=spent,
    )


def _staged(incoming: Incoming) -> Iterator[bytes]:
    with staged_path(incoming).open("rb") as source:
        while piece := source.read(PIECE):
            yield piece


@contextmanager
def _discarded_on_error(incoming: Incoming | None) -> Iterator[None]:
    try:
        yield
    except BaseException:
        if incoming is not None:
            with suppress(LaganError):
                incoming.discard()
        raise
