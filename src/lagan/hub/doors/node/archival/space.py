"""How full the disks get: one writer at a time where a set says so, completion, notices by mail.

Source: reference/ngas-http.md section 5.3. A disk with less free space than FreeSpaceDiskChangeMb
is completed, with `Synchronize` together with its partner; below MinFreeSpaceWarningMb there is one
notice a disk.
"""

from __future__ import annotations

import logging
import threading
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from lagan.hub.doors.node.models import DiskEvent
from lagan.hub.doors.node.volumes import disk_rows
from lagan.hub.doors.node.volumes.disks import MIB, MountedDisk, write_disk_info

if TYPE_CHECKING:
    from lagan.hub.doors.node.node import ArchiveNode

_log = logging.getLogger(__name__)
LOW = "Disk Space Running Low"
"""The event of a disk that keeps its notice from being sent twice."""
_lines: dict[Path, threading.Lock] = defaultdict(threading.Lock)
_guard = threading.Lock()


@contextmanager
def in_line(node: ArchiveNode, disk: MountedDisk) -> Iterator[None]:
    """Alone on the disks of a storage set whose `Mutex` is 1."""
    sets = node.config.storage_sets.items
    if not any(each.mutex and each.id == disk.set_id for each in sets):
        yield
        return
    with _guard:
        line = _lines[disk.path if not disk.set_id else Path(disk.set_id)]
    with line:
        yield


def look(node: ArchiveNode, disk: MountedDisk) -> None:
    """Complete the disk, or tell that it gets full, when that is so now. Never raises: the file
    that came is acknowledged."""
    try:
        _look(node, disk)
    except Exception:
        _log.exception("How full %s is cannot be told.", disk.path)


def _look(node: ArchiveNode, disk: MountedDisk) -> None:
    archiving = node.config.archiving
    if archiving is None:
        return
    partner = node.disks.partner_of(disk)
    both = [each for each in (disk, partner) if each is not None]
    room = {each.id: each.free() // MIB for each in both}
    free = min(room.values())
    full = [each for each in both if room[each.id] < archiving.change_below_mb]
    if full:
        _complete(node, both if _together(node, disk) else full, free)
    elif free < archiving.warn_below_mb:
        _warn(node, disk, free)


def _together(node: ArchiveNode, disk: MountedDisk) -> bool:
    """Whether the disks of its storage set are completed together."""
    sets = node.config.storage_sets.items
    return any(each.synchronize and each.id == disk.set_id for each in sets)


def _complete(node: ArchiveNode, disks: list[MountedDisk], free: int) -> None:
    news = [each for each in disks if disk_rows.complete(each.row, node.host_id)]
    for each in news:
        write_disk_info(each, node.host_id)
    if news:
        names = ", ".join(f"{each.row.logical_name} in slot {each.slot}" for each in news)
        text = f"Free space is {free} MB. Completed, and to be changed: {names}."
        node.mail.send("disk_change", "CHANGE DISK(S)", text, forced=True)


def _warn(node: ArchiveNode, disk: MountedDisk, free: int) -> None:
    told = DiskEvent.objects.filter(disk_id=disk.id, hist_synopsis=LOW)
    if told.exists():
        return
    disk_rows.tell(disk.id, node.host_id, LOW, f"{free} MB free")
    text = f"The disk {disk.row.logical_name} in slot {disk.slot} has {free} MB left."
    node.mail.send("disk_space", "NOTICE: DISK SPACE RUNNING LOW", text, forced=True)
