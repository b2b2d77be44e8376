"""CHECKFILE, CHECKFILES, FILEONHOST, CHECKTHREAD: whether files are what they should be, and what
the node is at.

Source: reference/ngas-http.md sections 4.5 and 17.4. Better than there: a flag that is wrong is
cleared, a bad copy is healed, and nothing outside the volumes can be asked about.
"""

from __future__ import annotations

import logging
import threading
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING

from lagan.hub.doors.node.cluster import elsewhere, relaying
from lagan.hub.doors.node.commands.command import Command
from lagan.hub.doors.node.files import catalogue, damage, healing, keyset
from lagan.hub.doors.node.files.finding import find
from lagan.hub.doors.node.files.looking import MISSING, WRONG_SIZE, look
from lagan.hub.doors.node.models import StoredFile
from lagan.hub.doors.node.process.errands import Errand
from lagan.hub.doors.node.volumes import leftovers
from lagan.hub.doors.node.volumes.disks import MountedDisk
from lagan.hub.doors.node.wire.messages import CMD_SYNTAX, FILE_NOK, FILE_OK, UNAVAIL_FILE
from lagan.hub.doors.node.wire.naming import named
from lagan.hub.doors.node.wire.reply import Call, Done, Failed
from lagan.hub.doors.node.wire.server import Answer
from lagan.kit.errors import LaganError

if TYPE_CHECKING:
    from lagan.hub.doors.node.node import ArchiveNode

_log = logging.getLogger(__name__)
FIRST_VERSION = 1
"""The version that CHECKFILE looks at unless told otherwise, as the archive server does."""
TEXT = [("Content-Type", "text/plain")]


def _check_file(call: Call) -> Done | Answer:
    request = call.request
    file_id, disk_id = request.get("file_id"), request.get("disk_id")
    if not file_id:
        raise Failed(CMD_SYNTAX.say("CHECKFILE", "file_id is needed"))
    version = request.version or FIRST_VERSION
    here = _here(call, file_id, version, disk_id)
    if not here:
        return _check_elsewhere(call, file_id, version, disk_id)
    findings = [(row, _checked(call.node, row)) for row in here]
    row, finding = next((each for each in findings if each[1]), findings[0])
    if finding:
        return Done(FILE_NOK.say(file_id, version, row.disk_id, finding))
    return Done(FILE_OK.say(file_id, version, row.disk_id))


def _here(call: Call, file_id: str, version: int, disk_id: str) -> list[StoredFile]:
    """The copies on disks of this node, unless another host is asked for."""
    host = call.request.get("host_id")
    if host and host != call.node.host_id:
        return []
    rows = catalogue.copies(file_id, version=version, disk_id=disk_id or None)
    return [each for each in rows if call.node.disks.get(each.disk_id) is not None]


def _check_elsewhere(call: Call, file_id: str, version: int, disk_id: str) -> Answer:
    host = call.request.get("host_id") or None
    if relaying.RELAYED not in call.request.headers:
        for each in find(call.node, file_id, version, disk_id or None, host):
            if each.host is not None and each.host.host_id != call.node.host_id:
                return elsewhere.send(call, each.host)
    raise Failed(UNAVAIL_FILE.say(named(file_id, version, disk_id)))


def _checked(node: ArchiveNode, row: StoredFile) -> str:
    """What is wrong with a copy of this node; it is healed from a good one if there is any."""
    disk = node.disks.get(row.disk_id)
    assert disk is not None, "copies here are on disks here"  # noqa: S101
    finding = look(disk, row, catalogue.proofs([row]).get(catalogue.key_of(row))).problem
    if not finding:
        with catalogue.turn():
            catalogue.mark(row, finding="", at=datetime.now(UTC))
        return ""
    damage.report(node, disk, row, finding)
    try:
        healed = healing.heal(node, disk, row, why=finding)
    except LaganError as error:
        _log.warning("%s is not healed: %s", row, error.sentence)
        healed = ""
    return f"{finding}; it was healed from {healed}" if healed else finding


def _check_files(call: Call) -> Answer:
    """Begin to look for every file of this node's disks, or say how far that is."""
    errands = call.node.errands
    known = errands.running("CHK_FILE_THRD")
    if known is not None:
        said = f"has checked {known.done} files, and {known.wrong} files are missing"
        return Answer(200, TEXT, f"Thread {known.name} {said}\n".encode())
    begun = errands.begin("CHK_FILE_THRD", partial(look_for_all, call.node), alone=True)
    return Answer(
        200, TEXT, f"Thread {begun.name} is successfully launched to check files.\n".encode()
    )


def look_for_all(node: ArchiveNode, errand: Errand) -> None:
    """Note which files of this node are not there or not as long as they should be."""
    for disk in node.disks:
        rows = catalogue.on_disk(disk.id)
        for name, size, file_id, version in keyset.by_key(
            rows, ("file_name", "file_size", "file_id", "file_version"), keyset.PLACE_KEY
        ):
            if errand.stop.is_set():
                return
            errand.done += 1
            if finding := _missing(disk, name, size):
                row = rows.filter(file_id=file_id, file_version=version, file_name=name).first()
                if row is not None:
                    errand.wrong += 1
                    damage.report(node, disk, row, finding)
    _log.info("%s: %d files looked for, %d wrong", errand.name, errand.done, errand.wrong)


def _missing(disk: MountedDisk, name: str, size: int) -> str:
    try:
        found = disk.store.stat(name).size
    except LaganError:
        return MISSING
    return "" if found == size else WRONG_SIZE.format(size, found)


def _file_on_host(call: Call) -> Answer:
    """YES or NO: whether a path is a file on one of the volumes. Nothing else is looked at."""
    given = call.request.get("file_path")
    if not given:
        return Answer(400, TEXT, b"INVALID PARAMS")
    there = leftovers.place_of(call.node.disks, given) is not None
    return Answer(200, TEXT, b"YES") if there else Answer(404, TEXT, b"NO")


def _check_threads(_: Call) -> Answer:
    """The names of all threads."""
    names = sorted(each.name for each in threading.enumerate())
    return Answer(200, TEXT, f"In total {len(names)} threads: {', '.join(names)}\n".encode())


COMMANDS = {
    "CHECKFILE": Command(_check_file),
    "CHECKFILES": Command(_check_files),
    "CHECKTHREAD": Command(_check_threads),
    "FILEONHOST": Command(_file_on_host),
}
