"""One byte range of a representation (RFC 9110 section 14); several at once are answered with the
whole."""

from __future__ import annotations

import re

from lagan.kit.errors import BadInput

_ONE = re.compile(r"bytes=(\d{0,18})-(\d{0,18})")


class BadRange(BadInput):
    """No byte of the range exists."""

    code, status = "range-not-satisfiable", 416


def wanted(header: str | None, size: int) -> tuple[int, int] | None:
    """The range as `(start, stop)`, `stop` exclusive; None when the whole is to be sent.
    BadRange."""
    found = _ONE.fullmatch((header or "").strip())
    if found is None or found[1] == found[2] == "":
        return None
    if found[1] == "":
        start, stop = max(0, size - int(found[2])), size
    else:
        start, stop = int(found[1]), min(size, int(found[2]) + 1 if found[2] else size)
    if found[1] and found[2] and int(found[2]) < int(found[1]):
        return None
    if start >= stop:
        raise BadRange(f"The file has {size} bytes.", size=size)
    return start, stop
