"""Sizes in bytes, read from and shown to people."""

from __future__ import annotations

import re

from lagan.kit.errors import BadInput

KIB, MIB, GIB, TIB = 1 << 10, 1 << 20, 1 << 30, 1 << 40

_POWERS = {"": 0, "k": 1, "m": 2, "g": 3, "t": 4, "p": 5, "e": 6}
_SIZE = re.compile(r"\s*(\d+(?:\.\d+)?)\s*([kmgtpe]?)(i?)(b?)\s*", re.IGNORECASE | re.ASCII)


def parse_size(text: str) -> int:
    """Bytes from `512`, `10 GiB`, `1.5T`, `200 kB`: with an `i` or without a `b` powers of 1024,
    else of 1000.

    BadInput when it is not a size.
    """
    match = _SIZE.fullmatch(text)
    if match is None:
        raise BadInput(f"Not a size: {text[:60]!r}. Write for example 512, 200 kB or 10 GiB.")
    number, letter, binary, byte = match.groups()
    base = 1000 if byte and not binary and letter else 1024
    factor: int = base ** _POWERS[letter.lower()]
    return round(float(number) * factor)


def show_size(count: int) -> str:
    """Bytes for people, in powers of 1024 with three figures: `0 B`, `1.50 KiB`, `12.3 GiB`, `999
    B`."""
    size, unit = float(count), "B"
    for larger in ("KiB", "MiB", "GiB", "TiB", "PiB", "EiB"):
        if abs(size) < 1023.5:
            break
        size, unit = size / 1024, larger
    if unit == "B":
        return f"{count} B"
    digits = 2 if abs(size) < 9.995 else 1 if abs(size) < 99.95 else 0
    return f"{size:.{digits}f} {unit}"
