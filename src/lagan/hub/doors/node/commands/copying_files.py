"""CLONE: further copies of files on this node's disks.

Source: reference/ngas-http.md section 4.5. Better than there: every copy is verified, damaged ones
are no source, and an answer says SUCCESS only when all is done, with the counts.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator
from typing import TYPE_CHECKING

from lagan.hub.doors.node.commands.command import Command
from lagan.hub.doors.node.files import catalogue, copying, keyset
from lagan.hub.doors.node.models import Disk, StoredFile
from lagan.hub.doors.node.process.state import ONLINE
from lagan.hub.doors.node.wire.counting import TOLD, Tally
from lagan.hub.doors.node.wire.documents import disks_with, file_list
from lagan.hub.doors.node.wire.messages import (
    CLONE_REJECTED,
    CMD_SYNTAX,
    UNAVAIL_FILE,
    UNKNOWN_DISK,
)
from lagan.hub.doors.node.wire.naming import named
from lagan.hub.doors.node.wire.reply import Call, Done, Failed
from lagan.hub.doors.node.wire.status import FAILURE, Node
from lagan.kit.errors import LaganError

if TYPE_CHECKING:
    from lagan.hub.doors.node.wire.requests import Request

_log = logging.getLogger(__name__)
Wanted = tuple[str, int | None, str]
"""File id, version, the disk to read from if its copy is good."""


def _clone(call: Call) -> Done:
    request = call.request
    expected = _expected(request)
    asynchronous = request.switch("async")
    if expected == 1 and not asynchronous:
        # One file: what is wrong is the answer.
        return _one(call)
    tally = Tally(call, expected)
    if asynchronous:
        call.node.errands.begin("CLONE", lambda errand: _clone_all(call, tally, errand.stop))
        return Done("Accepted CLONE command for execution", extra=tally.attributes())
    made = _clone_all(call, tally, threading.Event())
    return _told(tally, made)


def _one(call: Call) -> Done:
    tally = Tally(call, 1)
    wanted = next(_wanted(call.request))
    try:
        row = _cloned(call, wanted)
    except LaganError as error:
        tally.end(error.sentence)
        raise
    tally.add()
    tally.end()
    return _told(tally, [row])


def _expected(request: Request) -> int:
    """How many files a request is about. Failed when it says none."""
    file_id, disk_id, version = request.get("file_id"), request.get("disk_id"), request.version
    if not file_id and (not disk_id or version is not None):
        raise Failed(
            CMD_SYNTAX.say("CLONE", "file_id [file_version], disk_id, or disk_id and file_id")
        )
    if not disk_id:
        if not catalogue.copies(file_id, version=version):
            raise Failed(UNAVAIL_FILE.say(named(file_id, version)))
        return 1
    if not Disk.objects.filter(pk=disk_id).exists():
        raise Failed(UNKNOWN_DISK.say(disk_id))
    if file_id:
        if not catalogue.copies(file_id, version=version, disk_id=disk_id):
            raise Failed(UNAVAIL_FILE.say(named(file_id, version, disk_id)))
        return 1
    return catalogue.on_disk(disk_id).count()


def _wanted(request: Request) -> Iterator[Wanted]:
    file_id, disk_id, version = request.get("file_id"), request.get("disk_id"), request.version
    if not file_id:
        rows = catalogue.on_disk(disk_id)
        for id, number in keyset.by_key(rows, ("file_id", "file_version"), keyset.PLACE_KEY):
            yield id, int(number), disk_id
    elif disk_id:
        rows_here = catalogue.newest(file_id, version=version, disk_id=disk_id)
        yield file_id, int(rows_here[0].file_version), disk_id
    else:
        yield file_id, version, ""


def _cloned(call: Call, wanted: Wanted) -> StoredFile:
    file_id, version, disk_id = wanted
    target = call.request.get("target_disk_id")
    return copying.copy(call.node, file_id, version, prefer=disk_id, target=target)


def _clone_all(call: Call, tally: Tally, stop: threading.Event) -> list[StoredFile]:
    """Copy one after the other; the first rows that were made. What fails is counted."""
    made: list[StoredFile] = []
    try:
        for wanted in _wanted(call.request):
            if stop.is_set():
                tally.miss("the node went OFFLINE")
                break
            _clone_next(call, wanted, tally, made)
    except Exception:
        tally.end("the node could not go on")
        raise
    tally.end()
    return made


def _clone_next(call: Call, wanted: Wanted, tally: Tally, made: list[StoredFile]) -> None:
    try:
        row = _cloned(call, wanted)
    except LaganError as error:
        _log.warning("CLONE of %s: %s", named(*wanted), error.sentence)
        known = catalogue.copies(wanted[0], version=wanted[1])
        tally.miss(error.sentence, known[0] if known else None)
        return
    tally.add()
    if len(made) < TOLD:
        made.append(row)


def _told(tally: Tally, made: list[StoredFile]) -> Done:
    children = _documents(made)
    if not tally.failures:
        return Done("Successfully handled command CLONE", children, extra=tally.attributes())
    said = f"{tally.failures} of {tally.expected} files were not cloned: {tally.reasons[0]}"
    listed = [file_list(tally.rows, status="NOT_CLONED")]
    return Done(
        CLONE_REJECTED.say(said),
        [*children, *listed],
        status=FAILURE,
        code=400,
        extra=tally.attributes(),
    )


def _documents(rows: list[StoredFile]) -> list[Node]:
    known = Disk.objects.filter(pk__in={each.disk_id for each in rows}).order_by("disk_id")
    return disks_with(list(known), rows)


COMMANDS = {"CLONE": Command(_clone, states=(ONLINE,), allows="archive")}
