"""NGAS-File-Info: what another archive's catalogue says of a file, sent along with its bytes.

The header is base64 of a `FileStatus` element. Source: reference/ngas-http.md sections 3, 4.2, 7.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import date

from lagan.hub.doors.node.archival.order import checked_id
from lagan.hub.doors.node.config import xml
from lagan.hub.doors.node.files import checksums
from lagan.hub.doors.node.wire.reply import Failed
from lagan.hub.doors.node.wire.requests import InvalidParameter
from lagan.kit.digests import Digests
from lagan.kit.errors import BadInput, BadPath
from lagan.store.layout import check_object

HEADER = "ngas-file-info"
_DAY = re.compile(r"(?:^|/)(\d{4}-\d\d-\d\d)/", re.ASCII)
LAST_VERSION = 2**31 - 1
"""The highest that the catalogue holds."""
_NOTHING = ("", "None", "NULL")


@dataclass(frozen=True, slots=True)
class FileInfo:
    """A file as another catalogue has it. `size` in bytes, None when it is not told; times are
    texts as catalogues hold them; `path` is relative to a volume."""

    file_id: str
    version: int
    format: str
    size: int | None
    checksum: str | None
    checksum_name: str | None
    compression: str
    uncompressed_size: int | None
    ingested: str | None
    created: str | None
    path: str | None

    @property
    def day(self) -> date | None:
        """The day under which the file lies there."""
        found = _DAY.search(self.path or "")
        with suppress(ValueError):
            return date.fromisoformat(found[1]) if found else None
        return None


def read_info(header: str) -> FileInfo:
    """What the header says. InvalidParameter when it is none."""
    try:
        root = xml.read(base64.b64decode(header, validate=True))
    except (binascii.Error, ValueError, BadInput):
        raise InvalidParameter("NGAS-File-Info is not base64 of a FileStatus") from None
    found = root if root.name == "FileStatus" else root.first("FileStatus")
    if found is None:
        raise InvalidParameter(f"NGAS-File-Info holds a {root.name[:40]}, no FileStatus")
    return of_attributes(found.attributes)


def of_attributes(told: Mapping[str, str]) -> FileInfo:
    """The same from the attributes themselves. InvalidParameter without id and version."""
    version = _number(told.get("FileVersion", ""))
    if not version or version > LAST_VERSION:
        raise InvalidParameter("the FileVersion of the file's info is no version")
    return FileInfo(
        file_id=checked_id(told.get("FileId", "")),
        version=version,
        format=told.get("Format", "")[:128],
        size=_number(told.get("FileSize", "")),
        checksum=_text(told, "Checksum"),
        checksum_name=_text(told, "ChecksumPlugIn"),
        compression=_text(told, "Compression") or "NONE",
        uncompressed_size=_number(told.get("UncompressedFileSize", "")),
        ingested=_text(told, "IngestionDate"),
        created=_text(told, "CreationDate"),
        path=_path(told.get("FileName", "")),
    )


def require_agreement(info: FileInfo, found: Digests) -> None:
    """Failed when bytes are not those that the info is about."""
    if info.size is not None and info.size != found.size:
        raise Failed(f"{info.file_id} has {info.size} bytes, {found.size} arrived")
    if info.checksum is None:
        return
    try:
        variant = checksums.variant_of(info.checksum_name or checksums.CRC32)
    except ValueError:
        return  # a sum of a kind that nobody here can take says nothing
    ours = checksums.value(found, variant)
    if ours is not None and not checksums.same(ours, info.checksum):
        raise Failed(
            f"Checksum error for file {info.file_id}, local crc = {ours}, "
            f"but remote crc = {info.checksum}"
        )


def _text(told: Mapping[str, str], name: str) -> str | None:
    value = told.get(name, "").strip()
    return None if value in _NOTHING else value[:64]


def _number(text: str) -> int | None:
    text = text.strip()
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 19 else None


def _path(text: str) -> str | None:
    with suppress(BadPath):
        return check_object(text) if len(text) <= 1024 else None
    return None
