"""The layout of a stored zip whose sizes and CRCs are known beforehand (APPNOTE 6.3.10);
arithmetic only.

Nothing is compressed: instrument data seldom shrinks, and a stored zip has a length and ranges
before a byte is read.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from datetime import UTC, datetime

_ZIP64 = 0xFFFFFFFF
_UTF8_NAME = 1 << 11
_VERSION = 45
_MADE_BY_UNIX = 3 << 8 | _VERSION
_MODE = 0o100644 << 16


@dataclass(frozen=True, slots=True)
class Part:
    """One file of the zip: its name, its size in bytes, its CRC-32, its time in ns since the
    epoch."""

    name: str
    size: int
    crc32: int
    mtime_ns: int


def local_header(part: Part) -> bytes:
    """What precedes the file's bytes; its length depends only on the name and on whether the size
    needs Zip64."""
    name = part.name.encode()
    extra = struct.pack("<HHQQ", 1, 16, part.size, part.size) if part.size >= _ZIP64 else b""
    size = min(part.size, _ZIP64)
    return struct.pack(
        "<IHHHIIIIHH", 0x04034B50, _VERSION, _UTF8_NAME, 0, _dos_time(part.mtime_ns),
        part.crc32, size, size, len(name), len(extra),
    ) + name + extra  # fmt: skip


def length(part: Part) -> int:
    """Bytes that the file takes with its local header."""
    return 30 + len(part.name.encode()) + (20 if part.size >= _ZIP64 else 0) + part.size


def central_header(part: Part, offset: int) -> bytes:
    """The file's line in the central directory; `offset` is where its local header begins."""
    name = part.name.encode()
    wide = [value for value in (part.size, part.size, offset) if value >= _ZIP64]
    extra = struct.pack(f"<HH{len(wide)}Q", 1, 8 * len(wide), *wide) if wide else b""
    size = min(part.size, _ZIP64)
    return struct.pack(
        "<IHHHHIIIIHHHHHII", 0x02014B50, _MADE_BY_UNIX, _VERSION, _UTF8_NAME, 0,
        _dos_time(part.mtime_ns), part.crc32, size, size, len(name), len(extra), 0, 0, 0, _MODE,
        min(offset, _ZIP64),
    ) + name + extra  # fmt: skip


def end(*, count: int, start: int, size: int) -> bytes:
    """What closes the zip: `count` files, a central directory of `size` bytes at `start`."""
    zip64 = b""
    if count >= 0xFFFF or start >= _ZIP64 or size >= _ZIP64:
        zip64 = struct.pack(
            "<IQHHIIQQQQ", 0x06064B50, 44, _MADE_BY_UNIX, _VERSION, 0, 0, count, count, size, start
        )
        zip64 += struct.pack("<IIQI", 0x07064B50, 0, start + size, 1)
    few = min(count, 0xFFFF)
    return zip64 + struct.pack(
        "<IHHHHIIH", 0x06054B50, 0, 0, few, few, min(size, _ZIP64), min(start, _ZIP64), 0
    )  # fmt: skip


def _dos_time(mtime_ns: int) -> int:
    """Two seconds' resolution from 1980 to 2107, in UTC, as two 16-bit numbers."""
    try:
        at = datetime.fromtimestamp(mtime_ns // 1_000_000_000, UTC)
    except (OverflowError, ValueError, OSError):
        at = datetime(1980, 1, 1, tzinfo=UTC)
    year = min(max(at.year, 1980), 2107)
    date = (year - 1980) << 9 | at.month << 5 | at.day
    return date << 16 | at.hour << 11 | at.minute << 5 | at.second // 2
