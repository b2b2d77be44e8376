"""RETRIEVE?processing=: what a plug-in makes of a file, in a folder of its own that is gone after.

Only plug-ins that the configuration names, for the MIME types that it names. A plug-in of the
installation works on a copy, checked while it is made: the archived file is nobody's to change.
Source: seeds/archive-server-config.txt, Processing; reference/ngas-http.md sections 4.3 and 12.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from lagan.hub.doors.node.config.shape import TypedPlugIn
from lagan.hub.doors.node.files import sending
from lagan.hub.doors.node.files.expecting import Expected
from lagan.hub.doors.node.files.results import Result, result_of
from lagan.hub.doors.node.models import StoredFile
from lagan.hub.doors.node.plugins.builtin import BUILT_IN
from lagan.hub.doors.node.plugins.facade import PlugInRequest, PlugInServer
from lagan.hub.doors.node.volumes.disks import MountedDisk
from lagan.hub.doors.node.wire.messages import ILL_DPPI, ILL_REQ
from lagan.hub.doors.node.wire.reply import Call, Failed
from lagan.hub.doors.node.wire.server import Answer

if TYPE_CHECKING:
    from lagan.hub.doors.node.node import ArchiveNode

FOLDER = "processing"
_PREFIX = "ngamsPlugIns."


def require_known(call: Call) -> None:
    """Failed when a processing is asked for that is not allowed or not configured."""
    if not call.request.has("processing"):
        return
    if not call.node.config.permissions.process:
        raise Failed(ILL_REQ.say("Processing"))
    _plug_in(call)


def process(call: Call, disk: MountedDisk, row: StoredFile, expected: Expected) -> Answer:
    """The result of the plug-in as the answer. sending.Damaged when the copy is not what it should
    be; Failed when the plug-in does not want this type, or fails."""
    plug_in = _plug_in(call)
    if plug_in.mime_types and row.format not in plug_in.mime_types:
        raise Failed(ILL_DPPI.say(f"{plug_in.name} for the type {row.format}"))
    base = directory(call.node)
    base.mkdir(parents=True, exist_ok=True)
    folder = Path(tempfile.mkdtemp(prefix="request-", dir=base))

    def clean() -> None:
        shutil.rmtree(folder, ignore_errors=True)

    try:
        name = plug_in.name.removeprefix(_PREFIX)
        file = disk.path / row.file_name
        if ("processing", name) in BUILT_IN:
            sending.open_copy(disk.path, row).close()
        else:
            file = _copy(disk, row, expected, folder)
        result = result_of(
            call.node.plug_ins.call(
                "processing",
                plug_in.name,
                PlugInServer(call.node, plug_in.parameters),
                PlugInRequest(call.request, mime_type=row.format or "", disk=disk.path),
                str(file),
            )
        )
        return _answer(result, base, clean)
    except BaseException:
        clean()
        raise


def directory(node: ArchiveNode) -> Path:
    """Where every request has its folder."""
    return node.root / node.config.processing.directory / FOLDER


def _plug_in(call: Call) -> TypedPlugIn:
    asked = call.request.get("processing").removeprefix(_PREFIX)
    for each in call.node.config.processing.plug_ins:
        if each.name.removeprefix(_PREFIX) == asked:
            return each
    raise Failed(ILL_DPPI.say(asked[:100]))


def _copy(disk: MountedDisk, row: StoredFile, expected: Expected, folder: Path) -> Path:
    """A copy in the folder under the file's own name, its bytes checked."""
    target, check = folder / Path(row.file_name).name, expected.check()
    with sending.open_copy(disk.path, row) as source, target.open("xb") as made:
        try:
            while piece := source.read(sending.SMALL):
                check.update(piece)
                made.write(piece)
        except OSError as error:
            raise Failed(f"The file cannot be copied for its processing: {error}.") from None
    if finding := check.finding():
        raise sending.Damaged(finding)
    return target


def _answer(result: Result, base: Path, clean: Callable[[], None]) -> Answer:
    headers = [
        ("Content-Type", result.mime_type),
        ("Content-Disposition", sending.disposition(result.name)),
    ]
    ours = result.folder is not None and _beneath(result.folder, base)

    def done() -> None:
        clean()
        if ours and result.folder is not None:
            shutil.rmtree(result.folder, ignore_errors=True)

    if result.path is None:
        done()
        return Answer(200, headers, result.data or b"")
    if not _beneath(result.path, base):
        raise Failed("The result of the processing plug-in lies outside the ProcessingDirectory.")
    try:
        opened = result.path.open("rb")
    except OSError as error:
        raise Failed(f"The result of the processing plug-in cannot be read: {error}.") from None
    size = os.fstat(opened.fileno()).st_size
    return Answer(200, headers, file=(opened, 0, size), after=done)


def _beneath(path: Path, base: Path) -> bool:
    """Whether a path, its links followed, lies within a folder and is not the folder."""
    found = path.resolve()
    return found != base.resolve() and found.is_relative_to(base.resolve())
