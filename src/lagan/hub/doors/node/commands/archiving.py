"""ARCHIVE and QARCHIVE: files arrive."""

from __future__ import annotations

import time

from lagan.hub.doors.node import checksums, removing
from lagan.hub.doors.node.arriving import Facts, Settled, receive, timed
from lagan.hub.doors.node.commands.command import Command
from lagan.hub.doors.node.disks import MountedDisk
from lagan.hub.doors.node.documents import disk_status
from lagan.hub.doors.node.layout import base_name, type_of, with_extension
from lagan.hub.doors.node.messages import MISSING_URI, NO_STORAGE_SETS
from lagan.hub.doors.node.moments import show_utc
from lagan.hub.doors.node.reply import Call, Done, Failed
from lagan.hub.doors.node.requests import InvalidParameter
from lagan.hub.doors.node.state import ONLINE


def _qarchive(call: Call) -> Done:
    request = call.request
    if not request.has("filename"):
        raise Failed(MISSING_URI.say())
    if not call.body.size:
        raise Failed("Content-Length is 0 or unknown", 411)
    config = call.node.config
    extensions = {each.extension: each.mime_type for each in config.mime_types.items}
    name = base_name(request.get("filename"))
    mime_type = request.mime_type or type_of(name, extensions) or ""
    if mime_type not in {each.mime_type for each in config.streams.items}:
        raise Failed(f"Unknown mime type: {mime_type}")
    variant = _variant(call)
    disk = call.node.disks.anywhere(call.body.size)
    if disk is None:
        raise Failed(NO_STORAGE_SETS.say(mime_type))
    began = time.monotonic()
    incoming = receive(disk, call.body.lent())
    facts = Facts(
        file_id=request.get("file_id") or name,
        name=with_extension(name, mime_type, extensions),
        format=mime_type,
        by=call.node.by,
        checksum=checksums.value(incoming.digests(), variant),
        checksum_name=variant,
        rate=timed(began, incoming.size),
        io_time=time.monotonic() - began,
    )
    settled = call.node.arrivals.settle(disk, incoming, facts)
    removing.clear(call.node.disks, settled.replaced)
    return _done(call, disk, settled)


def _done(call: Call, disk: MountedDisk, settled: Settled) -> Done:
    uri = call.request.get("filename")
    return Done(
        f"Successfully handled Archive Push Request for data file with URI: {uri}",
        [disk_status(disk.row, [settled.row])],
        extra=[("RequestId", str(call.id)), ("RequestTime", show_utc(call.began))],
    )


def _variant(call: Call) -> str | None:
    given = call.request.get("crc_variant")
    if not given:
        archiving = call.node.config.archiving
        return archiving.checksum if archiving else checksums.CRC32
    try:
        return checksums.variant_of(given)
    except ValueError as error:
        raise InvalidParameter(str(error), parameter="crc_variant") from None


COMMANDS = {
    "QARCHIVE": Command(_qarchive, states=(ONLINE,), busy=True, allows="archive"),
}
