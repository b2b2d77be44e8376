"""REARCHIVE and MIRRARCHIVE: a file of another archive, kept with its id, version, path and dates.

The header NGAS-File-Info says what the file is there; MIRRARCHIVE also takes `file_id`,
`file_version`, `checksum` and `checksum_plugin`. Bytes that are not those the info is about are
refused. What is here already, under the same id, version and checksum, is answered as archived and
kept once, so that a sender may ask again. Source: reference/ngas-http.md section 4.2, where
REARCHIVE does not work.
"""

from __future__ import annotations

import time

from lagan.hub.doors.node.archival import space
from lagan.hub.doors.node.archival.file_info import (
    HEADER,
    FileInfo,
    of_attributes,
    read_info,
    require_agreement,
)
from lagan.hub.doors.node.archival.storing import NoStorageSets, Stored, settle
from lagan.hub.doors.node.commands.archiving import done, source
from lagan.hub.doors.node.commands.command import Command
from lagan.hub.doors.node.files import catalogue, checksums
from lagan.hub.doors.node.files.arriving import Facts, receive, timed
from lagan.hub.doors.node.files.layout import base_name
from lagan.hub.doors.node.models import Disk, StoredFile
from lagan.hub.doors.node.process.state import ONLINE
from lagan.hub.doors.node.volumes.disks import MountedDisk
from lagan.hub.doors.node.wire.documents import disk_status
from lagan.hub.doors.node.wire.messages import MIS_PAR, MISSING_URI, NO_STORAGE_SETS
from lagan.hub.doors.node.wire.reply import Call, Done, Failed
from lagan.kit.errors import LaganError
from lagan.store.volume import Incoming


def _rearchive(call: Call) -> Done:
    told = call.request.headers.get(HEADER, "")
    if not told:
        raise Failed(MIS_PAR.say("NGAS-File-Info"))
    return _keep(call, read_info(told))


def _mirrarchive(call: Call) -> Done:
    request = call.request
    if told := request.headers.get(HEADER, ""):
        return _keep(call, read_info(told))
    return _keep(
        call,
        of_attributes(
            {
                "FileId": request.get("file_id"),
                "FileVersion": request.get("file_version"),
                "Format": request.mime_type,
                "Checksum": request.get("checksum"),
                "ChecksumPlugIn": request.get("checksum_plugin"),
            }
        ),
    )


def _keep(call: Call, info: FileInfo) -> Done:
    uri = call.request.get("filename") or info.path or info.file_id
    if call.request.method == "GET" and not call.request.has("filename"):
        raise Failed(MISSING_URI.say())
    there = catalogue.copies(info.file_id, version=info.version)
    if there:
        return _known(there[0], info)
    with source(call, uri) as found:
        disk = _disk(call, info, found.size)
        began = time.monotonic()
        incoming = receive(disk, found.pieces)
    row = _settled(call, info, disk, incoming, base_name(uri), began)
    space.look(call.node, disk)
    return done(call, Stored(row, disk))


def _settled(
    call: Call, info: FileInfo, disk: MountedDisk, incoming: Incoming, name: str, began: float
) -> StoredFile:
    found = incoming.digests()
    try:
        require_agreement(info, found)
    except LaganError:
        incoming.discard()
        raise
    variant = call.node.config.archiving.checksum if call.node.config.archiving else None
    facts = Facts(
        file_id=info.file_id,
        name=info.path.rpartition("/")[2] if info.path else name,
        format=info.format or call.request.mime_type or "application/octet-stream",
        by=call.by,
        checksum=info.checksum or checksums.value(found, variant),
        checksum_name=info.checksum_name if info.checksum else variant,
        version=info.version,
        day=info.day,
        path=info.path,
        uncompressed_size=info.uncompressed_size,
        compression=info.compression,
        created=info.created,
        ingested=info.ingested,
        rate=timed(began, incoming.size),
        io_time=time.monotonic() - began,
    )
    return settle(call.node, disk, incoming, facts, replicated=False)


def _known(row: StoredFile, info: FileInfo) -> Done:
    """The answer for a file that is here already. Failed when another file has that version."""
    same = info.checksum is None or checksums.same(info.checksum, row.checksum)
    if not same or info.size not in (None, int(row.file_size)):
        raise Failed(f"There is another file with ID {info.file_id} and version {info.version}.")
    disk = Disk.objects.get(pk=row.disk_id)
    message = f"File with ID: {info.file_id}/Version: {info.version} is archived already."
    return Done(message, [disk_status(disk, [row])])


def _disk(call: Call, info: FileInfo, size: int | None) -> MountedDisk:
    """By the storage sets of the type's Stream where there is one, else any."""
    least, disks = max(size or info.size or 0, 1), call.node.disks
    streams = {each.mime_type: each for each in call.node.config.streams.items}
    stream = streams.get(info.format or call.request.mime_type)
    sets = stream.storage_sets if stream is not None else ()
    found = disks.fullest(sets, least, replicate=False) if sets else disks.anywhere(least)
    if found is None:
        raise NoStorageSets(NO_STORAGE_SETS.say(info.format))
    return found


COMMANDS = {
    "REARCHIVE": Command(_rearchive, states=(ONLINE,), busy=True, allows="archive"),
    "MIRRARCHIVE": Command(_mirrarchive, states=(ONLINE,), busy=True, allows="archive"),
}
