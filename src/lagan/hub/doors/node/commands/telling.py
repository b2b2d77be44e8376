"""STATUS: how the node is, where a file or disk is."""

from __future__ import annotations

from lagan.hub.doors.node import catalogue
from lagan.hub.doors.node.commands.command import Command
from lagan.hub.doors.node.documents import disk_status
from lagan.hub.doors.node.messages import UNAVAIL_FILE, UNKNOWN_DISK
from lagan.hub.doors.node.models import Disk
from lagan.hub.doors.node.reply import Call, Done, Failed


def _status(call: Call) -> Done:
    request = call.request
    message = "Successfully handled command STATUS"
    if request.has("disk_id"):
        return Done(message, [disk_status(_disk(request.get("disk_id")))])
    if request.has("file_id"):
        found = catalogue.newest(request.get("file_id"), version=request.version)
        if not found:
            raise Failed(UNAVAIL_FILE.say(request.get("file_id")))
        return Done(message, [disk_status(_disk(found[0].disk_id), found[:1])])
    return Done(message)


def _disk(disk_id: str) -> Disk:
    row = Disk.objects.filter(pk=disk_id).first()
    if row is None:
        raise Failed(UNKNOWN_DISK.say(disk_id))
    return row


COMMANDS = {"STATUS": Command(_status)}
