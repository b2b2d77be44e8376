"""Plug-ins of the server itself: which disks there are, what happens when it goes OFFLINE, how
disks are synchronised. Labels are LABEL's.

Source: seeds/archive-server-config.txt, SystemPlugIns; reference/ngas-http.md section 12.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lagan.hub.doors.node.plugins.facade import PlugInServer
from lagan.hub.doors.node.volumes.disks import PhysicalDisk
from lagan.hub.doors.node.volumes.volume_info import VolumeInfo
from lagan.hub.doors.node.wire.reply import Failed
from lagan.kit.errors import LaganError

if TYPE_CHECKING:
    from lagan.hub.doors.node.node import ArchiveNode

_log = logging.getLogger(__name__)


def find_disks(node: ArchiveNode) -> list[PhysicalDisk] | None:
    """The disks that the online plug-in says there are; None when they are those beneath the volume
    directory. Failed when it fails or says what is no disk."""
    defined = node.config.system
    server = PlugInServer(node, defined.online_parameters)
    told = node.plug_ins.call("online", defined.online, server, None)
    return None if told is None else physical_disks(defined.online, told)


def physical_disks(name: str, told: Any) -> list[PhysicalDisk]:
    """Disks by slot: each a mount point, or a mapping or object with `mount_point`, and where it
    has no `.ngas_volume_info` yet `disk_id`, `type`, `manufacturer`. Failed."""
    if not isinstance(told, Mapping):
        raise Failed(f"The plug-in {name} gave no disks by slot: {type(told).__name__}.")
    return [_physical(name, str(slot), told[slot]) for slot in sorted(told, key=str)]


def let_disks_go(node: ArchiveNode) -> None:
    """Tell the offline plug-in, before the disks are let go. What it fails at is logged: OFFLINE it
    is all the same."""
    defined = node.config.system
    server = PlugInServer(node, defined.offline_parameters)
    try:
        node.plug_ins.call("offline", defined.offline, server, None)
    except LaganError as error:
        _log.error("%s", error.sentence)


def synchronise(node: ArchiveNode) -> None:
    """Call the disk sync plug-in, if there is one, before an archive is acknowledged. Failed."""
    defined = node.config.system
    if defined.sync:
        node.plug_ins.call("disk sync", defined.sync, PlugInServer(node, defined.sync_parameters))


def _physical(name: str, slot: str, disk: Any) -> PhysicalDisk:
    place = disk if isinstance(disk, str | Path) else _fact(disk, "mount_point", "getMountPoint")
    path = Path(str(place or ""))
    if not slot or not path.is_absolute() or not path.is_dir():
        raise Failed(f"The plug-in {name} names no folder for the slot {slot}: {place}.")
    id = _fact(disk, "disk_id", "getDiskId")
    info = None
    if id:
        info = VolumeInfo(
            str(id),
            manufacturer=str(_fact(disk, "manufacturer", "getManufacturer") or "None"),
            type=str(_fact(disk, "type", "getType") or "None"),
        )
    return PhysicalDisk(slot, path, info)


def _fact(disk: Any, name: str, getter: str) -> Any:
    """As a mapping has it, an object, or an object of the archive server's own kind."""
    if isinstance(disk, Mapping):
        return disk.get(name)
    if callable(get := getattr(disk, getter, None)):
        return get()
    return getattr(disk, name, None)
