"""Rows of the catalogue as elements of status documents.

Source: reference/ngas-http.md section 3. Names and order are those that clients know; `None` as
text is what the archive server writes for nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from lagan.hub.doors.node.models import Disk, StoredFile
from lagan.hub.doors.node.wire.moments import show_utc
from lagan.hub.doors.node.wire.status import VERSION, Attributes, Node, lines


def disk_status(disk: Disk, files: Sequence[StoredFile] = ()) -> Node:
    """A disk, with files on it."""
    return Node("DiskStatus", _disk(disk), [file_status(each) for each in files])


def disks_with(disks: Sequence[Disk], files: Sequence[StoredFile]) -> list[Node]:
    """Each disk with those of the files that are on it."""
    return [
        disk_status(disk, [each for each in files if each.disk_id == disk.disk_id])
        for disk in disks
    ]


def file_status(row: StoredFile, *, listed: bool = False) -> Node:
    """A copy; in a list it also says on which disk it is."""
    where: Attributes = [("DiskId", row.disk_id)] if listed else []
    return Node("FileStatus", [*where, *_file(row)])


def file_list(files: Sequence[StoredFile], *, id: str = "", status: str = "") -> Node:
    """Copies of any disks."""
    children = [file_status(each, listed=True) for each in files]
    return Node("FileList", [("Id", id), ("Status", status)], children)


def disk_info(disk: Disk, host: str, now: datetime) -> bytes:
    """The `NgasDiskInfo` of a disk: a status document without what changes with its place."""
    stays = [each for each in _disk(disk) if each[0] not in _PLACE]
    status = Node(
        "Status",
        [
            ("Date", show_utc(now)),
            ("Version", VERSION),
            ("HostId", host),
            ("Message", "Disk status file"),
        ],
    )
    whole = Node("NgamsStatus", (), [status, Node("DiskStatus", stays)])
    return ('<?xml version="1.0" ?>\n' + "".join(lines(whole, indent="\t"))).encode()


_PLACE = {"HostId", "SlotId", "Mounted", "MountPoint", "LastCheck"}


def _disk(disk: Disk) -> Attributes:
    return [
        ("DiskId", disk.disk_id),
        ("Archive", _shown(disk.archive)),
        ("InstallationDate", _shown(disk.installation_date)),
        ("Type", _shown(disk.type)),
        ("Manufacturer", _shown(disk.manufacturer)),
        ("LogicalName", _shown(disk.logical_name)),
        ("HostId", disk.host_id or ""),
        ("SlotId", disk.slot_id or ""),
        ("Mounted", str(disk.mounted or 0)),
        ("MountPoint", disk.mount_point or ""),
        ("NumberOfFiles", str(disk.number_of_files)),
        ("AvailableMb", str(disk.available_mb)),
        ("BytesStored", str(disk.bytes_stored)),
        ("Completed", str(disk.completed)),
        ("CompletionDate", disk.completion_date or ""),
        ("Checksum", disk.checksum or ""),
        ("TotalDiskWriteTime", str(disk.total_disk_write_time or 0.0)),
        ("LastCheck", disk.last_check or ""),
    ]


def _file(row: StoredFile) -> Attributes:
    return [
        ("FileName", row.file_name),
        ("FileId", row.file_id),
        ("FileVersion", str(row.file_version)),
        ("Format", _shown(row.format)),
        ("FileSize", str(row.file_size)),
        ("UncompressedFileSize", str(row.uncompressed_file_size)),
        ("Compression", _shown(row.compression)),
        ("IngestionDate", _shown(row.ingestion_date)),
        ("Ignore", str(row.file_ignore or 0)),
        ("Checksum", _shown(row.checksum)),
        ("ChecksumPlugIn", _shown(row.checksum_plugin)),
        ("FileStatus", row.file_status or "00000000"),
        ("CreationDate", _shown(row.creation_date)),
        ("Tag", ""),
        ("Permissions", ""),
        ("Owner", ""),
        ("Group", ""),
        ("ModificationDate", ""),
        ("AccessDate", ""),
        ("TotalIoTime", str(row.io_time if row.io_time is not None else -1)),
        ("IngestionRate", _number(row.ingestion_rate)),
        ("ContainerId", _shown(row.container_id)),
    ]


def _shown(value: object) -> str:
    return "None" if value is None else str(value)


def _number(value: float | None) -> str:
    return "None" if value is None else str(int(value))
