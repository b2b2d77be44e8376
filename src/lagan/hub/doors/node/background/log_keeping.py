"""Log files that were put aside are archived, shown to the plug-ins for them, and kept as many as
LogRotateCache says.

Source: seeds/archive-server-config.txt, `Log`. What could not be archived keeps its name with
`.unsaved` and is tried again.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from pathlib import Path
from typing import IO, TYPE_CHECKING

from lagan.hub.doors.node.archival import events
from lagan.hub.doors.node.archival.order import understand
from lagan.hub.doors.node.archival.storing import choose, store
from lagan.hub.doors.node.files import catalogue
from lagan.hub.doors.node.files.pulling import Source
from lagan.hub.doors.node.plugins.facade import PlugInServer
from lagan.hub.doors.node.process.logs import saved, saved_files, unsaved_files
from lagan.hub.doors.node.wire.reply import Failed
from lagan.hub.doors.node.wire.requests import Request
from lagan.kit.errors import LaganError

if TYPE_CHECKING:
    from lagan.hub.doors.node.node import ArchiveNode

_log = logging.getLogger(__name__)

TYPE = "ngas/nglog"
PIECE = 1 << 20
"""Bytes read at once."""


def keep(node: ArchiveNode) -> None:
    """Look after every log file that was put aside, oldest first."""
    node.logs.rotate()
    file = node.logs.where.file if node.logs.where else None
    if file is None:
        return
    for each in unsaved_files(file):
        if node.config.log.archive_rotated and not _archived(node, each):
            break
        done = each.rename(saved(each))
        _show(node, done)
    kept = saved_files(file)
    for each in kept[: max(0, len(kept) - node.config.log.rotations)]:
        each.unlink(missing_ok=True)


def _archived(node: ArchiveNode, file: Path) -> bool:
    """Whether it is in the archive now."""
    name = saved(file).name
    file_id = f"{node.host_id}-{name}"
    if catalogue.newest(file_id):
        return True
    parameters = {"filename": name, "file_id": file_id}
    request = Request("POST", "ARCHIVE", parameters, mime_type=TYPE, size=file.stat().st_size)
    try:
        order = understand(request, node.config, full=False)
        with file.open("rb") as opened:
            source = Source(_pieces(opened), request.size)
            stored = store(node, order, source, choose(node, order, request.size), by=node.by)
    except (LaganError, OSError) as error:
        _log.error("The log file %s is not archived, tried again later: %s", file, error)
        return False
    events.tell(node, stored.row)
    return True


def _pieces(opened: IO[bytes]) -> Iterator[bytes]:
    while piece := opened.read(PIECE):
        yield piece


def _show(node: ArchiveNode, file: Path) -> None:
    """Every plug-in sees it, whatever another one does."""
    for each in node.config.log.handlers:
        server = PlugInServer(node, each.parameters)
        try:
            node.plug_ins.call("log file", each.name, each.parameters, server, str(file))
        except Failed as error:
            _log.error("The log file %s was not handled: %s", file, error.sentence)
