"""A disk leaves the archive: first nothing arrives there any more, then its files go, then its
row, last what makes it a disk.

Nothing but what the catalogue names and what the node itself wrote is removed from it.
"""

from __future__ import annotations

import logging
import shutil
from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING

from lagan.hub.audit import services as audit
from lagan.hub.audit.kinds import Kind
from lagan.hub.base.actors import Actor
from lagan.hub.doors.node.files import catalogue, copies, removing
from lagan.hub.doors.node.models import Disk, StoredFile
from lagan.hub.doors.node.volumes import disk_rows, volume_info
from lagan.hub.doors.node.volumes.disks import MountedDisk
from lagan.hub.doors.node.wire.messages import FILE_COPIES
from lagan.hub.doors.node.wire.reply import Failed
from lagan.store.errors import as_refusals

if TYPE_CHECKING:
    from lagan.hub.doors.node.node import ArchiveNode

_log = logging.getLogger(__name__)
AT_ONCE = 200
"""Files that one transaction takes out of the catalogue."""


def remove_disk(node: ArchiveNode, disk: MountedDisk, *, by: Actor, why: str) -> int:
    """Remove a disk of this node with all its files; how many they were."""
    node.arrivals.leave(disk)
    count = 0
    rows = catalogue.on_disk(disk.id)
    while some := list(rows.all()[:AT_ONCE]):
        removing.remove(node.disks, some, by=by, why=why, rule=partial(_require, disk.id, some))
        count += len(some)
    with catalogue.turn():
        disk_rows.tell(disk.id, node.host_id, "Disk Removed", f"{count} files were on it.")
        Disk.objects.filter(pk=disk.id).delete()
        facts = {"what": "removed", "disk": disk.id, "files": count, "why": why}
        audit.record(kind=Kind.NODE_VOLUME, by=by, data=facts)
    node.disks.drop(disk)
    _clear(disk)
    return count


def _require(disk_id: str, rows: Sequence[StoredFile]) -> None:
    """Failed when one of the copies would leave too few."""
    ids = {each.file_id for each in rows}
    if lacking := copies.lacking(catalogue.on_disk(disk_id).filter(file_id__in=ids), 1):
        raise Failed(FILE_COPIES.say(str(lacking[0])))


def _clear(disk: MountedDisk) -> None:
    """Take away what makes it a disk, so that it is none when the node goes ONLINE again."""
    with as_refusals(str(disk.path)):
        for name in (volume_info.NAME, "NgasDiskInfo"):
            (disk.path / name).unlink(missing_ok=True)
        shutil.rmtree(disk.path / ".lagan", ignore_errors=True)
    _log.warning("The disk %s at %s was removed.", disk.id, disk.path)
