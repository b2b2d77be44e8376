"""Archiving plug-ins of an installation, by the documented signature: `f(server, request) ->
status`.

The status is a mapping or an object; of it are read `file_id`, `format`, `relative_name` (the place
on the volume), `uncompressed_size` and `compression`, also under the getters that plug-ins of the
archive server's kind have. Versions are the node's to give, checksums and sizes its to take. What a
plug-in changes in the staged file is taken as it then is; where its module has a
`modifies_content(server, request)`, that is asked first. Source: reference/ngas-http.md section 12.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lagan.hub.doors.node.plugins.dapi.arrived import Arrived, Filed
from lagan.hub.doors.node.plugins.facade import PlugInRequest, PlugInServer
from lagan.hub.doors.node.wire.messages import DAPI
from lagan.hub.doors.node.wire.reply import Failed
from lagan.hub.doors.node.wire.requests import Request
from lagan.kit.errors import BadPath
from lagan.store.layout import check_object

if TYPE_CHECKING:
    from lagan.hub.doors.node.node import ArchiveNode

LONGEST_PATH = 1024
_NAMES: Mapping[str, tuple[str, ...]] = {
    "file_id": ("file_id", "fileId", "getFileId"),
    "format": ("format", "getFormat"),
    "relative_name": ("relative_name", "relFilename", "getRelFilename"),
    "uncompressed_size": ("uncompressed_size", "uncomprSize", "getUncomprSize"),
    "compression": ("compression", "getCompression"),
}


def file_by(
    node: ArchiveNode, plug_in: str, arrived: Arrived, request: Request, disk: Path
) -> Filed:
    """What the plug-in says of the file. Failed for a plug-in that is not there, raises, or says
    what cannot be."""
    before = _look(arrived.path)
    server = PlugInServer(node, arrived.configured)
    asked = PlugInRequest(request, staged=arrived.path, mime_type=arrived.mime_type, disk=disk)
    changes = _says_so(node, plug_in, server, asked)
    status = node.plug_ins.call("archiving", plug_in, server, asked)
    if not arrived.path.is_file():
        raise Failed(DAPI.say(plug_in, "the staged file is gone"))
    changed = changes or _look(arrived.path) != before
    return filed(plug_in, arrived, status, changed=changed)


def filed(plug_in: str, arrived: Arrived, status: Any, *, changed: bool = False) -> Filed:
    """What a plug-in's status says. Failed for a place that cannot be."""
    return _filed(plug_in, arrived, {key: _told(status, key) for key in _NAMES}, changed=changed)


def _says_so(node: ArchiveNode, plug_in: str, server: object, asked: object) -> bool:
    module = node.plug_ins.module("archiving", plug_in)
    ask = getattr(module, "modifies_content", None)
    return bool(ask(server, asked)) if callable(ask) else False


def _look(path: Path) -> tuple[int, int]:
    found = path.stat()
    return found.st_size, found.st_mtime_ns


def _told(status: Any, key: str) -> Any:
    for name in _NAMES[key]:
        value = status.get(name) if isinstance(status, Mapping) else getattr(status, name, None)
        if callable(value):
            value = value()
        if value not in (None, ""):
            return value
    return None


def _filed(plug_in: str, arrived: Arrived, told: Mapping[str, Any], *, changed: bool) -> Filed:
    path = None if told["relative_name"] is None else str(told["relative_name"])
    size = None
    with suppress(ValueError):
        size = None if told["uncompressed_size"] is None else int(told["uncompressed_size"])
    try:
        if path is not None:
            check_object(path)
            if len(path) > LONGEST_PATH:
                raise BadPath(f"the place is longer than {LONGEST_PATH} characters")
    except BadPath as error:
        raise Failed(DAPI.say(plug_in, error.sentence)) from None
    return Filed(
        file_id=str(told["file_id"] or arrived.file_id),
        name=path.rpartition("/")[2] if path else arrived.name,
        format=str(told["format"] or arrived.mime_type)[:128],
        compression=str(told["compression"] or "NONE")[:128],
        uncompressed_size=size,
        content=arrived.pieces if changed else None,
        path=path,
    )
