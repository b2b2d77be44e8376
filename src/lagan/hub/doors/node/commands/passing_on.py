"""PARCHIVE: a file is archived here and then sent on to another server.

`nexturl` is where it goes, by POST as a subscriber would get it; it must be one of `Lagan.Targets`.
A file that could not be sent on stays archived here, and the answer says so. Source:
reference/ngas-http.md section 4.2.
"""

from __future__ import annotations

import http.client
from urllib.parse import quote, urlsplit

from lagan.hub.doors.node.archival import events
from lagan.hub.doors.node.archival.order import understand
from lagan.hub.doors.node.archival.storing import Stored, choose, store
from lagan.hub.doors.node.cluster.targets import require_target
from lagan.hub.doors.node.commands.archiving import done, source
from lagan.hub.doors.node.commands.command import Command
from lagan.hub.doors.node.files.pulling import bare
from lagan.hub.doors.node.process.state import ONLINE
from lagan.hub.doors.node.wire.documents import disk_status
from lagan.hub.doors.node.wire.messages import COM, MIS_PAR
from lagan.hub.doors.node.wire.reply import Call, Done, Failed

TIMEOUT = 120.0
"""Seconds that the next server may take for anything."""


def _parchive(call: Call) -> Done:
    url = call.request.get("nexturl")
    if not url:
        raise Failed(MIS_PAR.say("nexturl"))
    require_target(url, call.node.config.own.targets, ("http", "https"))
    order = understand(call.request, call.node.config, full=False)
    with source(call, order.uri) as found:
        stored = store(call.node, order, found, choose(call.node, order, found.size), by=call.by)
    try:
        status = _send(url, stored)
    except (OSError, http.client.HTTPException, ValueError) as error:
        raise _not_sent(call, url, stored, str(error)) from None
    if status != 200:
        raise _not_sent(call, url, stored, f"it answered {status}")
    return done(call, stored)


def _not_sent(call: Call, url: str, stored: Stored, why: str) -> Failed:
    events.tell(call.node, stored.row)
    said = f"{COM.say(bare(url), why)}. The file is archived here."
    return Failed(said, 400, [disk_status(stored.disk.row, [stored.row])])


def _send(url: str, stored: Stored) -> int:
    """The next server's status."""
    parts, row = urlsplit(url), stored.row
    kind = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
    connection = kind(parts.hostname or "", parts.port, timeout=TIMEOUT)
    name = quote(row.file_name.rpartition("/")[2])
    headers = {
        "Content-Type": row.format or "application/octet-stream",
        "Content-Disposition": f'attachment; filename="{name}"; file_id={quote(row.file_id)}',
        "Content-Length": str(row.file_size),
        **({"NGAS-File-CRC": row.checksum} if row.checksum else {}),
    }
    target = parts._replace(scheme="", netloc="", fragment="").geturl() or "/"
    try:
        with (stored.disk.path / row.file_name).open("rb") as body:
            connection.request("POST", target, body, headers)
            answer = connection.getresponse()
            answer.read(1 << 20)
            return answer.status
    finally:
        connection.close()


COMMANDS = {"PARCHIVE": Command(_parchive, states=(ONLINE,), busy=True, allows="archive")}
