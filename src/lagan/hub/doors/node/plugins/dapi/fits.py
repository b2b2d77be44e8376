"""ngamsFitsPlugIn: FITS files under the name that their header gives them.

Source: reference/ngas-http.md sections 5.2, 5.4 and 12. The id and name are the first three parts
of ARCFILE, the day is its night. With `gzip` among PlugInPars the file is kept compressed. Bytes
that come compressed and are kept so stay as they are, bit for bit.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from lagan.hub.doors.node.files import fits
from lagan.hub.doors.node.files.layout import type_of, with_extension
from lagan.hub.doors.node.plugins.dapi import packing
from lagan.hub.doors.node.plugins.dapi.arrived import Arrived, Filed
from lagan.hub.doors.node.wire.messages import DAPI, DAPI_BAD_FILE
from lagan.hub.doors.node.wire.reply import Failed
from lagan.kit.errors import BadInput

NAME = "ngamsFitsPlugIn"
ZIPPED = ".gz"
COMPRESSED_TYPE = "application/x-gfits"
COMPRESSION = "gzip --no-name"
"""What the catalogue of the archive server says of such files."""
_PLAIN = (".fits", ".fit", ".fts")


def file_fits(arrived: Arrived) -> Filed:
    """The file by its ARCFILE. Failed when it is no whole FITS file or does not say who it is."""
    zipped = arrived.name.lower().endswith(ZIPPED)
    bare = arrived.name[: -len(ZIPPED)] if zipped else arrived.name
    size = _checked(arrived, bare, zipped=zipped)
    file_id, stem, day = _named(arrived, bare, zipped=zipped)
    plain_type = (type_of(bare, arrived.extensions) or arrived.mime_type) if zipped else ""
    name = with_extension(stem, plain_type or arrived.mime_type, arrived.extensions)
    keep_zipped = _wants_gzip(arrived)
    if not keep_zipped:
        content = (lambda: _unzipped(arrived)) if zipped else None
        kept_as = plain_type or arrived.mime_type
        return Filed(file_id, name, kept_as, day, uncompressed_size=size, content=content)
    name = name if name.endswith(ZIPPED) else name + ZIPPED
    return Filed(
        file_id,
        name,
        type_of(name, arrived.extensions) or COMPRESSED_TYPE,
        day,
        compression=COMPRESSION,
        uncompressed_size=size,
        content=None
        if zipped
        else lambda: packing.pack(arrived.pieces(), packing.method(COMPRESSION)),
    )


def _wants_gzip(arrived: Arrived) -> bool:
    return any("gzip" in part for pair in arrived.configured.items() for part in pair)


def _checked(arrived: Arrived, bare: str, *, zipped: bool) -> int:
    """The size of the FITS file itself, in bytes. Failed unless it is whole blocks."""
    try:
        size = sum(map(len, _unzipped(arrived))) if zipped else arrived.size
    except BadInput as error:
        raise Failed(DAPI_BAD_FILE.say(arrived.name, NAME, error.sentence)) from None
    if size % fits.BLOCK and bare.lower().endswith(_PLAIN):
        reason = f"{size} bytes are no multiple of {fits.BLOCK}"
        raise Failed(DAPI_BAD_FILE.say(arrived.name, NAME, reason))
    return size


def _named(arrived: Arrived, bare: str, *, zipped: bool) -> tuple[str, str, date | None]:
    """Id, name and day."""
    told = fits.arcfile(_unzipped(arrived) if zipped else arrived.pieces())
    known = fits.identity(told)
    if arrived.get("ignore_arcfile") == "1":
        # Without a time of its own it lies under the day it came.
        return arrived.parameters.get("file_id") or bare, bare, known[1] if known else None
    if known is None:
        reason = f"ARCFILE is {told!r}" if told else "its header has no ARCFILE"
        raise Failed(DAPI.say(NAME, f"{arrived.name}: {reason}"))
    return known[0], known[0], known[1]


def _unzipped(arrived: Arrived) -> Iterator[bytes]:
    return packing.unpack(arrived.pieces())
