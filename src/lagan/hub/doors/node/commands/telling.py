"""STATUS: how the node is, where a file or disk is, what is on its disks, how far a request is.

Source: reference/ngas-http.md section 4.4.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from time import monotonic

from django.db import connection

from lagan.hub.doors.node.cluster import elsewhere, partners, peers, relaying
from lagan.hub.doors.node.commands.command import Command
from lagan.hub.doors.node.config import xml
from lagan.hub.doors.node.config.showing import shown
from lagan.hub.doors.node.files import catalogue, file_lists
from lagan.hub.doors.node.files.finding import Found, find
from lagan.hub.doors.node.models import Disk, StoredFile
from lagan.hub.doors.node.wire.documents import disk_status
from lagan.hub.doors.node.wire.messages import (
    FILE_AVAIL,
    FILE_NOT_AVAIL,
    ILL_REQ_ID,
    SERVICE_UNAVAIL,
    UNAVAIL_FILE,
    UNKNOWN_DISK,
)
from lagan.hub.doors.node.wire.naming import named
from lagan.hub.doors.node.wire.reply import Call, Done, Failed
from lagan.hub.doors.node.wire.server import Answer
from lagan.hub.doors.node.wire.spooled import as_answer, unnamed
from lagan.hub.doors.node.wire.status import FAILURE, Node
from lagan.kit.errors import LaganError, Unavailable

MESSAGE = "Successfully handled command STATUS"
HELP = (
    "STATUS tells about one of: disk_id; file_id [file_version]; file_access [file_version]; "
    "request_id; configuration_file (1 the name, -1 all of it); host_id; file_list=1 "
    "[from_ingestion_date] [unique=1] [max_elements], then file_list_id; db_time. Without any of "
    "them about the node. flush_log writes out what is logged."
)


def _status(call: Call) -> Done | Answer:
    request = call.request
    if request.has("flush_log"):
        flush_logs()
    if request.has("help"):
        return Done(HELP)
    if request.has("dump_object_info"):
        raise Failed("dump_object_info is refused: no request has the node write a file.")
    host = request.get("host_id")
    if host and host != call.node.host_id and not request.has("file_list"):
        return _elsewhere(call, host)
    for name, tell in _ABOUT.items():
        if request.has(name):
            return tell(call)
    return Done(MESSAGE)


def flush_logs() -> None:
    """Have every handler write out what it holds."""
    for handler in logging.getLogger().handlers:
        handler.flush()


def _elsewhere(call: Call, host_id: str) -> Done | Answer:
    host = peers.host(host_id)
    if host is None:
        raise Failed(f"No NGAS host with host_id: {host_id}")
    return Done(MESSAGE) if host.host_id == call.node.host_id else elsewhere.send(call, host)


def _list(call: Call) -> Done | Answer:
    """A portion of the list of files: gzip'd XML, as an attachment."""
    request, folder = call.request, call.node.scratch / "lists"
    if not request.has("file_list_id") and not request.switch("file_list"):
        return Done(MESSAGE)
    most = request.number("max_elements")
    id = request.get("file_list_id") or file_lists.begin(
        folder,
        [each.id for each in call.node.disks],
        since=request.get("from_ingestion_date"),
        unique=request.switch("unique"),
    )
    with unnamed(call.node.scratch) as opened:
        file_lists.portion(folder, id, opened, max(most or file_lists.MOST, 1))
        name = f"STATUS_FILE_LIST_{id}.xml.gz"
        headers = [
            ("Content-Type", "application/x-gxml"),
            ("Content-Disposition", f'attachment; filename="{name}"'),
        ]
        return as_answer(opened, headers)


def _disk(call: Call) -> Done:
    return Done(MESSAGE, [disk_status(_disk_row(call.request.get("disk_id")))])


def _disk_row(disk_id: str) -> Disk:
    row = Disk.objects.filter(pk=disk_id).first()
    if row is None:
        raise Failed(UNKNOWN_DISK.say(disk_id))
    return row


def _file(call: Call) -> Done:
    """One copy: of a good, reachable one if there is any, else of whatever the catalogue has; else
    what a partner site says of it."""
    request = call.request
    file_id, version = request.get("file_id"), request.version
    row = _copy(call, file_id, version)
    if row is not None:
        return Done(MESSAGE, [disk_status(_disk_row(row.disk_id), [row])])
    for known in partners.status(call.node, request):
        return Done(MESSAGE, [_as_node(known.disk)])
    raise Failed(UNAVAIL_FILE.say(named(file_id, version)))


def _copy(call: Call, file_id: str, version: int | None) -> StoredFile | None:
    rows = catalogue.newest(file_id, version=version)
    found = find(call.node, file_id, rows[0].file_version) if rows else []
    if found:
        return found[0].row
    return rows[0] if rows else None


def _as_node(element: xml.Element) -> Node:
    children = [_as_node(each) for each in element.children]
    return Node(element.name, list(element.attributes.items()), children)


def _access(call: Call) -> Done:
    """Whether a file can be had: here by looking, elsewhere by asking who has it."""
    file_id, version = call.request.get("file_access"), call.request.version
    if not call.node.config.permissions.retrieve:
        return Done(SERVICE_UNAVAIL.say("Retrieve"))
    found = find(call.node, file_id, version)
    if not found:
        raise Failed(UNAVAIL_FILE.say(named(file_id, version)))
    for each in found:
        if _can_be_had(call, each):
            row = each.row
            host = each.host.host_id if each.host else call.node.host_id
            return Done(FILE_AVAIL.say(row.file_id, row.file_version, host))
    return Done(FILE_NOT_AVAIL.say(file_id, found[0].row.file_version))


def _can_be_had(call: Call, found: Found) -> bool:
    if found.bad:
        return False
    if found.disk is not None:
        try:
            return found.disk.store.stat(found.row.file_name).size == found.row.file_size
        except LaganError:
            return False
    if found.host is None or relaying.RELAYED in call.request.headers:
        return False
    asked = {"file_access": found.row.file_id, "file_version": found.row.file_version}
    headers = {relaying.RELAYED: "1"}
    try:
        with peers.fetch(call.node, found.host, "STATUS", asked, headers=headers) as answer:
            return FILE_AVAIL.name in answer.message
    except Unavailable:
        return False


def _request(call: Call) -> Done:
    """How far a request is; when it failed, why."""
    known = call.node.requests.find(call.request.get("request_id"))
    if known is None:
        raise Failed(ILL_REQ_ID.say(call.request.get("request_id")))
    message = known.message if known.status == FAILURE and known.message else MESSAGE
    return Done(message, extra=known.attributes())


def _configuration(call: Call) -> Done:
    if call.request.get("configuration_file") != "-1":
        return Done(MESSAGE, [Node("NgamsCfgFile", [("ConfigFileName", call.node.file.name)])])
    return Done(MESSAGE, [shown(call.node.tree)])


def _database_time(_: Call) -> Done:
    """How long the database takes to answer just now, in seconds."""
    began = monotonic()
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
    return Done(f"{MESSAGE}. The database answers in {monotonic() - began:.6f} s.")


_ABOUT: dict[str, Callable[[Call], Done | Answer]] = {
    "file_list": _list,
    "file_list_id": _list,
    "disk_id": _disk,
    "file_id": _file,
    "file_access": _access,
    "request_id": _request,
    "configuration_file": _configuration,
    "db_time": _database_time,
}
"""By the parameter that asks for it; the first that is there counts."""

COMMANDS = {"STATUS": Command(_status)}
