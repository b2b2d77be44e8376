"""The catalogue's rows of disks and hosts, and what happened to disks."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from django.db.models import Max

from lagan.hub.base import locks
from lagan.hub.doors.node.cluster import hosts
from lagan.hub.doors.node.config import xml
from lagan.hub.doors.node.files import catalogue
from lagan.hub.doors.node.models import Disk, DiskEvent, Host
from lagan.hub.doors.node.volumes.volume_info import VolumeInfo
from lagan.hub.doors.node.wire.moments import show_local
from lagan.hub.doors.node.wire.status import VERSION
from lagan.kit.errors import BadInput, Conflict

NUMBER = 6
"""Digits of a disk's number in its logical name."""


def register(
    info: VolumeInfo,
    path: Path,
    *,
    slot: str,
    kind: str,
    label: str,
    host: str,
    archive: str,
    room: int,
    capacity: int,
) -> Disk:
    """The row of a disk that is mounted at `path` now; made if the catalogue does not know it.

    Conflict when its logical name says that it is of the other kind. `room` and `capacity` in MiB.
    """
    with catalogue.turn():
        locks.until_commit("node.disks")
        row = Disk.objects.filter(pk=info.disk_id).first() or _new(info, path, kind, label, archive)
        if f"{_other(kind)}-" in (row.logical_name or "").removeprefix(f"{label}-")[:2]:
            raise Conflict(f"The disk {row.logical_name} is in a slot for the other kind.")
        row.host_id, row.slot_id, row.mount_point = host, slot, str(path)
        row.mounted, row.last_host_id = 1, host
        row.available_mb, row.capacity_mb = room, capacity
        row.save()
    return row


def _other(kind: str) -> str:
    return "R" if kind == "M" else "M"


def _new(info: VolumeInfo, path: Path, kind: str, label: str, archive: str) -> Disk:
    """A disk's first row here: what it says of itself, if it was elsewhere before."""
    told = {"installation_date": show_local(datetime.now(UTC)), **_told(path)}
    row = Disk(
        disk_id=info.disk_id,
        archive=archive,
        type=info.type,
        manufacturer=info.manufacturer,
        **told,
    )
    if not row.logical_name or Disk.objects.filter(logical_name=row.logical_name).exists():
        row.logical_name = _name(kind, label)
    return row


def _name(kind: str, label: str) -> str:
    """`[<label>-]M-000001`, with the next number of that kind and label."""
    stem = f"{label}-{kind}-" if label else f"{kind}-"
    rows = Disk.objects.filter(logical_name__startswith=stem)
    last = rows.aggregate(last=Max("logical_name"))["last"] or ""
    number = int(last[-NUMBER:]) if last[-NUMBER:].isdigit() else 0
    return f"{stem}{number + 1:0{NUMBER}d}"


_TOLD = {
    "InstallationDate": "installation_date",
    "LogicalName": "logical_name",
    "Completed": "completed",
    "CompletionDate": "completion_date",
    "TotalDiskWriteTime": "total_disk_write_time",
}


def _told(path: Path) -> dict[str, object]:
    """What `NgasDiskInfo` says, of what cannot be seen otherwise."""
    try:
        root = xml.read((path / "NgasDiskInfo").read_bytes())
    except (OSError, BadInput):
        return {}
    found = root.first("DiskStatus")
    if found is None:
        return {}
    told: dict[str, object] = {
        field: found.attributes[name] for name, field in _TOLD.items() if found.attributes.get(name)
    }
    told["completed"] = int(told.get("completed") == "1")
    try:
        told["total_disk_write_time"] = float(str(told.get("total_disk_write_time", 0)))
    except ValueError:
        told["total_disk_write_time"] = 0.0
    return told


def unmount(disks: Sequence[str], host: str) -> None:
    """These disks are nowhere now."""
    Disk.objects.filter(pk__in=disks).update(
        host_id="", slot_id="", mount_point="", mounted=0, last_host_id=host
    )


def complete(disk: Disk, host: str) -> bool:
    """Nothing more goes on this disk; whether that is news."""
    now = show_local(datetime.now(UTC))
    done = Disk.objects.filter(pk=disk.disk_id, completed=0).update(
        completed=1, completion_date=now
    )
    if done:
        disk.completed, disk.completion_date = 1, now
        tell(disk.disk_id, host, "Disk Completed")
    return bool(done)


def tell(disk_id: str, host: str, synopsis: str, description: str = "") -> None:
    """Keep what happened to a disk."""
    DiskEvent.objects.create(
        disk_id=disk_id,
        hist_date=show_local(datetime.now(UTC)),
        hist_origin=host[:64],
        hist_synopsis=synopsis[:255],
        hist_descr_mime_type="text/plain" if description else None,
        hist_descr=description or None,
    )


def announce(
    host_id: str,
    *,
    address: str,
    port: int,
    allowed: dict[str, bool],
    archive: str,
    slots: int = 0,
) -> None:
    """This node's row: where it is reached, what it may do, how many slots for disks it has. Seen
    by all of the cluster."""
    known = {
        "domain": hosts.own_domain(address),
        "ip_address": hosts.own_address(address),
        "mac_address": hosts.mac_address(hosts.own_address(address)),
        "cluster_name": archive,
        "srv_version": VERSION,
        "srv_port": port,
        **{f"srv_{what}": int(may) for what, may in allowed.items()},
        "srv_suspended": 0,
        "srv_req_wake_up_srv": None,
        "srv_req_wake_up_time": None,
        "n_slots": slots,
    }
    new = {**known, "installation_date": show_local(datetime.now(UTC))}
    Host.objects.update_or_create(host_id=host_id, defaults=known, create_defaults=new)


def set_state(host_id: str, state: str) -> None:
    """What this node does: ONLINE, OFFLINE or NOT-RUNNING."""
    Host.objects.filter(pk=host_id).update(srv_state=state)
