"""Copies leave a disk: first the catalogue, then the journal, then the bytes."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from lagan.hub.audit import services as audit
from lagan.hub.audit.kinds import Kind
from lagan.hub.base.actors import Actor
from lagan.hub.doors.node.files import catalogue
from lagan.hub.doors.node.files.catalogue import Removed
from lagan.hub.doors.node.models import StoredFile
from lagan.kit.errors import LaganError
from lagan.store.journal import VoidLine

if TYPE_CHECKING:
    from lagan.hub.doors.node.volumes.disks import Disks

_log = logging.getLogger(__name__)


def remove(
    disks: Disks,
    rows: Sequence[StoredFile],
    *,
    by: Actor,
    why: str,
    rule: Callable[[], None] | None = None,
) -> None:
    """Take copies on disks of this node out of the catalogue and off their disks; `why` is the
    command or service that asked. `rule` raises when they may not go; while it looks, no copy of
    these files comes or goes in the whole cluster."""
    if not rows:
        return
    with catalogue.turn():
        if rule is not None:
            catalogue.hold_ids(each.file_id for each in rows)
            rule()
        gone = catalogue.remove(rows)
        names = [f"{each.file_id}/{each.file_version} on {each.disk_id}" for each in rows]
        audit.record(kind=Kind.NODE_REMOVED, by=by, data={"files": names, "why": why})
    clear(disks, gone)


def clear(disks: Disks, gone: Iterable[Removed]) -> None:
    """Void the lines of copies that the catalogue does not have any more and remove their bytes,
    where their disk is mounted here and may be written."""
    now = datetime.now(UTC).timestamp()
    for each in gone:
        disk = disks.get(each.row.disk_id)
        if disk is None or not disk.writable:
            _log.warning("%s stays on its disk, which is not written here.", each.row)
            continue
        try:
            if each.line is not None:
                disk.journal.append([VoidLine(each.line, now)])
            if not _named_still(each.row):
                disk.store.delete(each.row.file_name)
            disk.row.bytes_stored -= int(each.row.file_size)
            disk.row.number_of_files -= 1
        except LaganError as error:
            disk.unsettled = True
            _log.error("%s cannot be removed from its disk: %s", each.row, error.sentence)


def _named_still(row: StoredFile) -> bool:
    """Whether another copy is at the same place: the archive server lets two ids share a file."""
    return catalogue.on_disk(row.disk_id).filter(file_name=row.file_name).exists()
