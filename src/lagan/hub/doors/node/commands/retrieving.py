"""RETRIEVE: a file comes back."""

from __future__ import annotations

from pathlib import Path

from lagan.hub.doors.node import catalogue
from lagan.hub.doors.node.commands.command import Command
from lagan.hub.doors.node.messages import RETRIEVE_CMD, UNAVAIL_FILE
from lagan.hub.doors.node.models import StoredFile
from lagan.hub.doors.node.reply import Call, Failed
from lagan.hub.doors.node.server import Answer
from lagan.hub.doors.node.state import ONLINE


def _retrieve(call: Call) -> Answer:
    request = call.request
    if not request.has("file_id"):
        raise Failed(RETRIEVE_CMD.say())
    found = catalogue.newest(request.get("file_id"), version=request.version)
    for row in sorted(found, key=catalogue.is_bad):
        if (disk := call.node.disks.get(row.disk_id)) is not None:
            return _send(disk.path / row.file_name, row)
    raise Failed(UNAVAIL_FILE.say(request.get("file_id")))


def _send(path: Path, row: StoredFile) -> Answer:
    opened = path.open("rb")
    headers = [
        ("Content-Type", row.format or "application/octet-stream"),
        ("Content-Disposition", f'attachment; filename="{path.name}"'),
    ]
    return Answer(200, headers, file=(opened, 0, int(row.file_size)))


COMMANDS = {"RETRIEVE": Command(_retrieve, states=(ONLINE,), busy=True, allows="retrieve")}
