"""What places have in common that take whole objects only: where bytes wait on a local disk, what
names are called there, and how what was added in pieces is read as one."""

from __future__ import annotations

import os
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path

from lagan.kit.digests import Buffer


def default_spool(place: str) -> Path:
    """The folder for what goes to `place`: beneath LAGAN_SPOOL, or in a place that survives a
    restart."""
    base = os.environ.get("LAGAN_SPOOL") or "/var/tmp/lagan-spool"  # noqa: S108
    return Path(base) / sha256(place.encode()).hexdigest()[:16]


def between(pieces: Iterator[Buffer], start: int, end: int | None) -> Iterator[Buffer]:
    """Of `pieces` one after the other, the bytes from `start` to `end`, all when None."""
    at = 0
    for piece in pieces:
        view = memoryview(piece)
        low, high = max(start - at, 0), view.nbytes if end is None else min(view.nbytes, end - at)
        at += view.nbytes
        if low < high:
            yield view[low:high]
        if end is not None and at >= end:
            return


def key_of(name: str) -> str:
    """An object's name as servers get it: without the backslash, which some take for a slash."""
    return name.replace("%", "%25").replace("\\", "%5C")


def name_of(key: str) -> str:
    """The name that `key_of` made a key of."""
    return key.replace("%5C", "\\").replace("%25", "%")
