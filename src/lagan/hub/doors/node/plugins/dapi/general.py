"""ngamsGenDapi: any file, under its own name and id; compressed on request.

Source: reference/ngas-http.md sections 5.2 and 5.4. `compression=<method>&compression_ext=<ext>`
compresses within the node; `compression=X&uncompressed_file_size=N` says that the bytes are
compressed already; `target_mime_type` is the type under which the file is kept.
"""

from __future__ import annotations

from lagan.hub.doors.node.files.layout import type_of, with_extension
from lagan.hub.doors.node.plugins.dapi import packing
from lagan.hub.doors.node.plugins.dapi.arrived import Arrived, Filed
from lagan.hub.doors.node.wire.reply import Failed
from lagan.hub.doors.node.wire.requests import InvalidParameter

LONGEST_WORD = 128
"""Characters, as the catalogue holds them."""


def file_generally(arrived: Arrived) -> Filed:
    """The file under the name of its URI. Failed or InvalidParameter for compression that cannot
    be."""
    compression, extension = _word(arrived, "compression"), _word(arrived, "compression_ext")
    name = with_extension(arrived.name, arrived.mime_type, arrived.extensions)
    kept_as = _word(arrived, "target_mime_type") or arrived.mime_type
    if compression and extension:
        return _packed(arrived, name, compression, extension.lstrip("."))
    if compression or extension:
        size = _declared(arrived)
        if not compression or size is None:
            raise InvalidParameter(
                "compression needs compression_ext or uncompressed_file_size",
                parameter="compression",
            )
        return Filed(
            arrived.file_id, name, kept_as, compression=compression[:128], uncompressed_size=size
        )
    return Filed(arrived.file_id, name, kept_as)


def _packed(arrived: Arrived, name: str, compression: str, extension: str) -> Filed:
    made = packing.method(compression)
    name = f"{name}.{extension}"
    kept_as = _word(arrived, "target_mime_type") or type_of(name, arrived.extensions)
    if not kept_as or not _is_extension(extension, arrived):
        raise Failed(f"No mime-type is mapped to the extension {extension[:40]}.")
    return Filed(
        arrived.file_id,
        name,
        kept_as,
        compression=compression,
        uncompressed_size=arrived.size,
        content=lambda: packing.pack(arrived.pieces(), made),
    )


def _is_extension(extension: str, arrived: Arrived) -> bool:
    """Whether it is one that is mapped, alone or as the end of another."""
    return any(each == extension or each.endswith(f".{extension}") for each in arrived.extensions)


def _word(arrived: Arrived, name: str) -> str:
    """A parameter that the catalogue could hold. InvalidParameter."""
    text = arrived.get(name)
    if len(text) > LONGEST_WORD or not text.isprintable():
        raise InvalidParameter(f"{name} is no word: {text[:40]!r}", parameter=name)
    return text


def _declared(arrived: Arrived) -> int | None:
    text = arrived.get("uncompressed_file_size")
    if not text:
        return None
    if not text.isascii() or not text.isdecimal() or len(text) > 18:
        raise InvalidParameter(
            f"uncompressed_file_size is no size: {text[:40]}", parameter="uncompressed_file_size"
        )
    return int(text)
