"""ngasTarBallPlugIn: tar files, when they can be read from their first header to their last."""

from __future__ import annotations

import tarfile

from lagan.hub.doors.node.files.layout import with_extension
from lagan.hub.doors.node.plugins.dapi.arrived import Arrived, Filed
from lagan.hub.doors.node.wire.messages import DAPI_BAD_FILE
from lagan.hub.doors.node.wire.reply import Failed

NAME = "ngasTarBallPlugIn"
_TRUNCATED = "unexpected end of data"


def file_tarball(arrived: Arrived) -> Filed:
    """The tar file under its own name. Failed when it is none, or cut."""
    try:
        _walk(arrived)
    except (tarfile.TarError, OSError, EOFError, ValueError, OverflowError) as error:
        raise Failed(DAPI_BAD_FILE.say(arrived.name, NAME, str(error))) from None
    name = with_extension(arrived.name, arrived.mime_type, arrived.extensions)
    return Filed(arrived.file_id, name, arrived.mime_type)


def _walk(arrived: Arrived) -> None:
    """Read every header; of the members' bytes only that they are there."""
    with tarfile.open(arrived.path, "r:*") as archive:
        last = None
        while (member := archive.next()) is not None:
            last = member
            archive.members.clear()  # type: ignore[attr-defined]  # memory stays flat
        if last is not None and last.isreg() and last.size:
            source = archive.extractfile(last)
            assert source is not None  # noqa: S101 - it is a regular file
            source.seek(last.size - 1)
            if len(source.read(1)) != 1:
                raise tarfile.ReadError(_TRUNCATED)
