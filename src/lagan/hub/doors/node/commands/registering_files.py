"""REGISTER: files that lie on a volume already are catalogued.

Source: reference/ngas-http.md section 4.5. Better than there: what fails is in the answer, and a
file that is registered already is not registered again.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator
from typing import TYPE_CHECKING

from lagan.hub.doors.node.archival import events
from lagan.hub.doors.node.commands.command import Command
from lagan.hub.doors.node.commands.removing_files import acting
from lagan.hub.doors.node.files import registering
from lagan.hub.doors.node.files.registering import BATCH, Candidate, Looked
from lagan.hub.doors.node.models import StoredFile
from lagan.hub.doors.node.process.state import ONLINE
from lagan.hub.doors.node.volumes.disks import MountedDisk
from lagan.hub.doors.node.wire.counting import TOLD, Tally
from lagan.hub.doors.node.wire.documents import disk_status
from lagan.hub.doors.node.wire.messages import CMD_SYNTAX, FILE_REG_FAILED
from lagan.hub.doors.node.wire.reply import Call, Done, Failed
from lagan.hub.doors.node.wire.status import FAILURE
from lagan.kit.errors import LaganError

if TYPE_CHECKING:
    from lagan.hub.base.actors import Actor

_log = logging.getLogger(__name__)


def _register(call: Call) -> Done:
    request = call.request
    path = request.get("path")
    if not path:
        raise Failed(CMD_SYNTAX.say("REGISTER", "path is needed"))
    disk, place = registering.place_of(call.node, path)
    types = frozenset(each.strip() for each in request.get("mime_type").split(",") if each.strip())
    expected = sum(1 for _ in registering.candidates(call.node, disk, place, types))
    if not expected and not _is_there(disk, place):
        raise Failed(FILE_REG_FAILED.say(path, "there is no such file or folder"))
    tally = Tally(call, expected)
    work = _Work(call, disk, place, types, tally, acting(call))
    if request.switch("async"):
        call.node.errands.begin("REGISTER", lambda errand: work.run(errand.stop))
        return Done("Accepted REGISTER command for execution", extra=tally.attributes())
    made = work.run(threading.Event())
    return _told(disk, tally, made)


def _is_there(disk: MountedDisk, place: str) -> bool:
    return next(iter(disk.store.list(place)), None) is not None


def _told(disk: MountedDisk, tally: Tally, made: list[StoredFile]) -> Done:
    children = [disk_status(disk.row, made)] if made else []
    if not tally.failures:
        said = "Successfully handled command REGISTER"
        return Done(said, children, extra=tally.attributes())
    said = f"{tally.failures} of {tally.expected}"
    return Done(
        FILE_REG_FAILED.say(said, "; ".join(tally.reasons)),
        children,
        status=FAILURE,
        code=400,
        extra=tally.attributes(),
    )


class _Work:
    """Registering all candidates of one request."""

    def __init__(
        self,
        call: Call,
        disk: MountedDisk,
        place: str,
        types: frozenset[str],
        tally: Tally,
        by: Actor,
    ) -> None:
        self._call, self._disk, self._place, self._types = call, disk, place, types
        self._tally, self._by = tally, by
        self._made: list[StoredFile] = []

    def run(self, stop: threading.Event) -> list[StoredFile]:
        """One batch after the other; the first rows that were made."""
        node = self._call.node
        try:
            held: list[Looked] = []
            for each in registering.candidates(node, self._disk, self._place, self._types):
                if stop.is_set():
                    self._tally.miss("the node went OFFLINE")
                    break
                held += self._look(each)
                if len(held) == BATCH:
                    self._settle(held)
                    held = []
            self._settle(held)
        except Exception:
            self._tally.end("the node could not go on")
            raise
        self._tally.end()
        return self._made

    def _look(self, candidate: Candidate) -> Iterator[Looked]:
        try:
            yield registering.look(self._call.node, candidate, self._call.request)
        except LaganError as error:
            _log.warning("REGISTER of %s: %s", candidate.name, error.sentence)
            self._tally.miss(f"{candidate.name}: {error.sentence}")

    def _settle(self, held: list[Looked]) -> None:
        if not held:
            return
        try:
            rows = registering.register(self._call.node, held, by=self._by)
        except LaganError as error:
            for each in held:
                self._tally.miss(f"{each.candidate.name}: {error.sentence}")
            return
        for row in rows:
            self._tally.add()
            events.tell(self._call.node, row)
        self._made += rows[: max(TOLD - len(self._made), 0)]


COMMANDS = {"REGISTER": Command(_register, states=(ONLINE,), allows="archive")}
