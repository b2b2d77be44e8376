"""Which part of a file a Range header asks for, and with which status it is answered; pure.

`bytes=N-` is answered 200 with a Content-Range, because deployed clients take anything else for a
failure; every other form as RFC 9110 says, section 14. Source: reference/ngas-http.md section 4.3.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from lagan.kit.errors import BadInput

_FORM = re.compile(r"bytes\s*=\s*(\d{0,18})\s*-\s*(\d{0,18})", re.ASCII | re.IGNORECASE)
_SEVERAL = re.compile(r"bytes\s*=[\d\s,-]+,[\d\s,-]+", re.ASCII | re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Part:
    """Bytes `start` to before `stop` of `size`, to be answered with `status`."""

    start: int
    stop: int
    size: int
    status: int = 200

    @property
    def headers(self) -> list[tuple[str, str]]:
        """What is said of the part; nothing of a whole file."""
        if self.status == 416:
            return [("Content-Range", f"bytes */{self.size}")]
        if self.status == 200 and self.stop - self.start == self.size:
            return []
        return [("Content-Range", f"bytes {self.start}-{self.stop - 1}/{self.size}")]


def part_of(size: int, asked: str) -> Part:
    """The part of a file of `size` bytes that a Range header names; the whole without one, and for
    several at once, which nobody needs to get in parts. BadInput for what is no range."""
    if not asked.strip() or _SEVERAL.fullmatch(asked.strip()):
        return Part(0, size, size)
    found = _FORM.fullmatch(asked.strip())
    if found is None or not (found[1] or found[2]):
        raise BadInput(f"Range is no range such as bytes=100- or bytes=0-99: {asked[:40]!r}.")
    if not found[1]:
        return _last(size, int(found[2]))
    start = int(found[1])
    if found[2] and int(found[2]) < start:
        raise BadInput(f"Range ends before it begins: {asked[:40]!r}.")
    if start >= size and (start or found[2]):
        return Part(0, 0, size, 416)
    if not found[2]:
        return Part(start, size, size)
    return Part(start, min(int(found[2]) + 1, size), size, 206)


def _last(size: int, count: int) -> Part:
    if not count or not size:
        return Part(0, 0, size, 416)
    return Part(max(size - count, 0), size, size, 206)
