"""CCREATE, CLIST, CAPPEND, CREMOVE, CDESTROY, CARCHIVE, CRETRIEVE: containers on request.

Source: reference/ngas-http.md section 4.6.
"""

from __future__ import annotations

from functools import partial

from lagan.hub.doors.node.commands.command import Command
from lagan.hub.doors.node.containers import (
    bodies,
    changing,
    giving,
    groups,
    outgoing,
    showing,
    taking,
)
from lagan.hub.doors.node.containers.changing import Wanted
from lagan.hub.doors.node.containers.multipart import checked_name
from lagan.hub.doors.node.files.sending import disposition
from lagan.hub.doors.node.process.state import ONLINE
from lagan.hub.doors.node.wire.documents import disk_status
from lagan.hub.doors.node.wire.moments import show_utc
from lagan.hub.doors.node.wire.reply import Call, Done, Failed
from lagan.hub.doors.node.wire.server import Answer


def _create(call: Call) -> Answer:
    request = call.request
    if request.method in ("GET", "HEAD"):
        if not request.has("container_name"):
            raise Failed("No container_name parameter given, cannot create a nameless container")
        wanted = Wanted(checked_name(request.get("container_name")))
        parent = request.headers.get("parent_container_id") or request.get("parent_container_id")
        size = 0
    else:
        wanted, parent = bodies.tree(call.body.pieces())
        size = showing.UNKNOWN
    changing.create(wanted=wanted, parent=parent.strip() or None, by=call.node.by)
    return showing.answer(call, "Successfully created container(s)", showing.made(wanted, size))


def _list(call: Call) -> Answer:
    found = groups.read(groups.named(call.request))
    return showing.answer(call, "Successfully retrieved containers list", showing.shown(found))


def _append(call: Call) -> Done:
    container = groups.named(call.request).container_id
    changing.append(
        container=container,
        file_ids=_files(call),
        force=call.request.switch("force"),
        close=call.request.switch("close_container"),
        by=call.node.by,
    )
    return Done()


def _remove(call: Call) -> Done:
    container = groups.named(call.request).container_id
    changing.remove(container=container, file_ids=_files(call), by=call.node.by)
    return Done()


def _destroy(call: Call) -> Done:
    container = groups.named(call.request).container_id
    changing.destroy(
        container=container, recursive=call.request.switch("recursive"), by=call.node.by
    )
    return Done()


def _files(call: Call) -> list[str]:
    if call.request.method not in ("GET", "HEAD"):
        return bodies.file_ids(call.body.pieces())
    if not call.request.get("file_id").strip():
        raise Failed("No file_id given in GET request, one needs to be specified")
    return [call.request.get("file_id")]


def _archive(call: Call) -> Done:
    if call.request.method not in ("POST", "PUT"):
        raise Failed("Only POST allowed for CARCHIVE")
    if call.body.size == 0:
        raise Failed("Content-Length is 0 or unknown", 411)
    disk = call.node.disks.anywhere(call.body.size or 0)
    if disk is None:
        raise Failed("No disk volumes are available for ingesting any files.")
    stored = taking.take(call, disk)
    return Done(
        # The words are that server's own, although nothing was pulled.
        "Successfully handled Archive Pull Request for data file with URI: "
        + call.request.get("filename"),
        [disk_status(disk.row)],
        extra=[("RequestId", str(call.id)), ("RequestTime", show_utc(call.began))],
        after=partial(taking.tell, call.node, stored, disk),
    )


def _retrieve(call: Call) -> Answer:
    request = call.request
    if request.has("processing"):
        raise Failed("CRETRIEVE command does not allow processing")
    group = groups.read(groups.named(request))
    headers = [("Content-Type", outgoing.MULTIPART)]
    layout = outgoing.as_multipart(group)
    if request.get("format") == outgoing.TAR:
        name = disposition(group.row.container_name)
        headers = [("Content-Type", outgoing.TAR), ("Content-Disposition", name)]
        layout = outgoing.as_tar(group)
    items = list(layout)
    size = outgoing.length(items)
    return Answer(200, headers, giving.stream(call.node, giving.ready(call.node, items)), size)


COMMANDS = {
    "CCREATE": Command(_create),
    "CLIST": Command(_list),
    "CAPPEND": Command(_append),
    "CREMOVE": Command(_remove),
    "CDESTROY": Command(_destroy),
    "CARCHIVE": Command(_archive, states=(ONLINE,), busy=True, allows="archive"),
    "CRETRIEVE": Command(_retrieve, states=(ONLINE,), busy=True, allows="retrieve"),
}
