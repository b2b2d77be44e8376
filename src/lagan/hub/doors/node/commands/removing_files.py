"""REMFILE, REMDISK, DISCARD: files and disks go, when the rules let them.

Source: reference/ngas-http.md section 4.5. Better than there: nothing outside the volumes and
nothing that the catalogue names can be discarded by its path, damaged copies do not count as
copies, and files that nobody registered stay.
"""

from __future__ import annotations

import logging
from itertools import islice

from lagan.hub.base.actors import Actor
from lagan.hub.doors.node.commands.command import Command
from lagan.hub.doors.node.files import catalogue, copies, removing
from lagan.hub.doors.node.models import Disk, StoredFile
from lagan.hub.doors.node.volumes import leftovers
from lagan.hub.doors.node.volumes.disks import MountedDisk
from lagan.hub.doors.node.volumes.removing_disks import remove_disk
from lagan.hub.doors.node.wire.documents import file_list
from lagan.hub.doors.node.wire.messages import (
    CMD_SYNTAX,
    DEL_DISK,
    DEL_DISK_SEL,
    DISCARD_FAILED,
    DISCARD_GRANTED,
    DISCARD_NOT_FOUND,
    DISCARD_NOT_REM,
    DISCARD_OK,
    FILE_COPIES,
    FILE_DEL_STAT,
    FILES_NOT_REG,
    UNAVAIL_FILE,
    UNKNOWN_DISK,
)
from lagan.hub.doors.node.wire.naming import named
from lagan.hub.doors.node.wire.reply import Call, Done, Failed
from lagan.hub.doors.node.wire.status import FAILURE
from lagan.kit.errors import LaganError

_log = logging.getLogger(__name__)
NAMED = 1000
"""Files that a refusal names."""


def acting(call: Call) -> Actor:
    """In whose name a command removes: the authorised user's, else the node's."""
    return Actor(None, call.user, "node") if call.user else call.node.by


def _remfile(call: Call) -> Done:
    request = call.request
    disk_id, file_id, version = request.get("disk_id"), request.get("file_id"), request.version
    if not (disk_id and file_id):
        raise Failed(CMD_SYNTAX.say("REMFILE", "disk_id and file_id are needed"))
    rows = catalogue.copies(file_id, version=version, disk_id=disk_id)
    if not rows:
        raise Failed(UNAVAIL_FILE.say(named(file_id, version, disk_id)))
    asked = catalogue.on_disk(disk_id).filter(file_id=file_id)
    asked = asked if version is None else asked.filter(file_version=version)

    def rule() -> None:
        if lacking := copies.lacking(asked, NAMED):
            children = [file_list(lacking, status="TOO_FEW_COPIES")]
            said = FILE_COPIES.say(f"The request for {file_id}")
            raise Failed(said, 200, children=children)

    rule()
    if not request.switch("execute"):
        return Done(FILE_DEL_STAT.say(len(rows), 0, 0), [file_list(rows, status="SELECTED")])
    disk = _writable(call, disk_id)
    removing.remove(call.node.disks, rows, by=acting(call), why="REMFILE", rule=rule)
    failed = sum(_is_there(disk, each) for each in rows)
    said = FILE_DEL_STAT.say(len(rows), len(rows) - failed, failed)
    return Done(said, status=FAILURE, code=400) if failed else Done(said)


def _remdisk(call: Call) -> Done:
    disk_id = call.request.get("disk_id")
    if not disk_id:
        raise Failed(CMD_SYNTAX.say("REMDISK", "disk_id is needed"))
    if not Disk.objects.filter(pk=disk_id).exists():
        raise Failed(UNKNOWN_DISK.say(disk_id))
    disk = _writable(call, disk_id)
    if lacking := copies.lacking(catalogue.on_disk(disk_id), NAMED):
        children = [file_list(lacking, status="TOO_FEW_COPIES")]
        raise Failed(FILE_COPIES.say(f"The disk with ID: {disk_id}"), children=children)
    if unknown := list(islice(leftovers.unregistered(disk), 10)):
        raise Failed(FILES_NOT_REG.say(disk_id, ", ".join(unknown)))
    if not call.request.switch("execute"):
        return Done(DEL_DISK_SEL.say(disk_id))
    remove_disk(call.node, disk, by=acting(call), why="REMDISK")
    return Done(DEL_DISK.say(disk_id))


def _writable(call: Call, disk_id: str) -> MountedDisk:
    """The disk, if this node may write it. Failed."""
    disk = call.node.disks.get(disk_id)
    if disk is None or not disk.writable:
        why = "is not mounted at this node" if disk is None else "is only read"
        raise Failed(CMD_SYNTAX.say(call.request.command, f"the disk {disk_id} {why}"))
    return disk


def _is_there(disk: MountedDisk, row: StoredFile) -> bool:
    try:
        disk.store.stat(row.file_name)
    except LaganError:
        return False
    # Another id may have its bytes at the same place.
    return not catalogue.on_disk(row.disk_id).filter(file_name=row.file_name).exists()


def _discard(call: Call) -> Done:
    request = call.request
    host = request.get("host_id")
    if host and host != call.node.host_id:
        raise Failed("DISCARD Command can only be executed locally!")
    ids = (request.get("disk_id"), request.get("file_id"), request.version)
    if all(ids):
        return _discard_copy(call, str(ids[0]), str(ids[1]), int(ids[2] or 0))
    if request.has("path"):
        return _discard_path(call, request.get("path"))
    syntax = "disk_id=ID&file_id=ID&file_version=VER or path=PATH[&host_id=ID]"
    raise Failed(CMD_SYNTAX.say("DISCARD", syntax))


def _discard_copy(call: Call, disk_id: str, file_id: str, version: int) -> Done:
    what = f"Disk ID: {disk_id}/File ID: {file_id}/File Version: {version}"
    host = call.node.host_id
    rows = catalogue.copies(file_id, version=version, disk_id=disk_id)
    if not rows:
        return Done(DISCARD_NOT_FOUND.say(what, host), status=FAILURE)
    disk = _writable(call, disk_id)
    if not call.request.switch("execute"):
        return Done(DISCARD_GRANTED.say(what, host))
    removing.remove(call.node.disks, rows, by=acting(call), why="DISCARD")
    if _is_there(disk, rows[0]):
        return Done(DISCARD_FAILED.say(what, host, "its bytes stay"), status=FAILURE)
    return Done(DISCARD_OK.say(what, host))


def _discard_path(call: Call, path: str) -> Done:
    """A file on a volume that no row names: rows are discarded by their ids."""
    host = call.node.host_id
    found = leftovers.place_of(call.node.disks, path)
    if found is None:
        return Done(DISCARD_NOT_FOUND.say(path, host), status=FAILURE)
    disk, name = found
    if catalogue.on_disk(disk.id).filter(file_name=name).exists():
        reason = "the catalogue names it; discard it by disk_id, file_id and file_version"
        return Done(DISCARD_NOT_REM.say(path, host, reason), status=FAILURE)
    if not disk.writable:
        return Done(DISCARD_NOT_REM.say(path, host, "its disk is only read"), status=FAILURE)
    if not call.request.switch("execute"):
        return Done(DISCARD_GRANTED.say(path, host))
    try:
        disk.store.delete(name)
    except LaganError as error:
        return Done(DISCARD_FAILED.say(path, host, error.sentence), status=FAILURE)
    _log.warning("%s was discarded for %s", path, acting(call).name)
    return Done(DISCARD_OK.say(path, host))


COMMANDS = {
    "DISCARD": Command(_discard, allows="remove"),
    "REMDISK": Command(_remdisk, allows="remove"),
    "REMFILE": Command(_remfile, allows="remove"),
}
