"""The checksum variants of the archive server: their names, how they are written, how compared.

Source: reference/ngas-http.md section 5.5. A checksum is the decimal number of 32 bits as text;
servers of long ago wrote it signed, so both sides are masked before they are compared.
"""

from __future__ import annotations

from lagan.kit.digests import Digests

CRC32, CRC32C, CRC32Z = "crc32", "crc32c", "crc32z"
ARCHIVE_NAME, CONTAINER_NAME = "ngamsGenCrc32", "StreamCrc32"
"""What ARCHIVE and CARCHIVE call crc32 in the catalogue."""
MASK = 0xFFFFFFFF
_VARIANTS = {
    "0": CRC32,
    "1": CRC32C,
    "2": CRC32Z,
    "crc32": CRC32,
    "crc32c": CRC32C,
    "crc32z": CRC32Z,
    "ngamsgencrc32": CRC32,
    "streamcrc32": CRC32,
    "ngamsgencrc32c": CRC32C,
}


def variant_of(name: str) -> str | None:
    """crc32, crc32c or crc32z, by any of its names; None for -1 (no checksum). ValueError."""
    text = name.strip().lower()
    if text in ("-1", "none", ""):
        return None
    if text not in _VARIANTS:
        raise ValueError(f"{name[:40]} is no checksum variant")
    return _VARIANTS[text]


def value(digests: Digests, variant: str | None) -> str | None:
    """The text that the catalogue keeps; None without a checksum."""
    if variant is None:
        return None
    return str(digests.crc32c if variant == CRC32C else digests.crc32)


def same(one: str | int | None, other: str | int | None) -> bool:
    """Whether two written checksums are of the same bits; nothing is only the same as nothing."""
    if one is None or other is None:
        return one is other
    try:
        return int(one) & MASK == int(other) & MASK
    except ValueError:
        return False
