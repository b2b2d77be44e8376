"""What a file itself says of where its content is: one extended attribute, which moves with the
file and all of its names. It is the truth; everything else about a moved file is only notes.

It holds all that a recall needs, in JSON that an administrator can read (`getfattr -n
user.lagan.hsm`), and is flushed before the bytes that it speaks of are let go.
"""

from __future__ import annotations

import errno
import json
import os
from dataclasses import dataclass, fields, replace
from typing import Any

from lagan.hsm.errors import BadMarker

NAME = "user.lagan.hsm"
"""Of the attribute."""
VERSION = 1

PREMIGRATED, MIGRATING, MIGRATED, RECALLING = "premigrated", "migrating", "migrated", "recalling"
"""Content here and at the target; being let go; at the target alone; being brought back. In the
second and the fourth the file's data may be partial, and its time of change is the marker's."""
_STATES = frozenset({PREMIGRATED, MIGRATING, MIGRATED, RECALLING})
_NONE = {errno.ENODATA, errno.EOPNOTSUPP}


@dataclass(frozen=True, slots=True)
class Marker:
    """Where a file's content is: `object` at the target called `target`. `size` in bytes, `mtime`
    in nanoseconds and `sha256` in hex are those of the content; of what was let go, `head` bytes
    stayed at the beginning. `room` are the bytes of disk that it took, `left` the sectors of 512
    bytes that the stub takes: more of them say that somebody wrote into it."""

    state: str
    target: str
    object: str
    size: int
    mtime: int
    sha256: str
    head: int = 0
    room: int = 0
    left: int = 0

    @property
    def away(self) -> bool:
        """Whether the file's own data may not be trusted: the content is at the target."""
        return self.state != PREMIGRATED


_FACTS = tuple(each.name for each in fields(Marker))


def read(file: int | str | bytes | os.PathLike[str]) -> Marker | None:
    """The marker of an open file, or of a path (a link is not followed); None without one.
    BadMarker when it cannot be understood."""
    try:
        if isinstance(file, int):
            value = os.getxattr(file, NAME)
        else:
            value = os.getxattr(file, NAME, follow_symlinks=False)
    except OSError as error:
        if error.errno in _NONE:
            return None
        raise
    return unpack(value)


def write(descriptor: int, marker: Marker) -> None:
    """Put the marker on an open file. It lasts when the file is flushed."""
    os.setxattr(descriptor, NAME, pack(marker))


def write_as_stub(descriptor: int, marker: Marker) -> None:
    """Put the marker on an open file whose content is away, with the sectors that are `left`: those
    of the marker itself, where it does not fit into the inode, are among them."""
    write(descriptor, marker)
    left = os.fstat(descriptor).st_blocks
    if left != marker.left:
        write(descriptor, replace(marker, left=left))


def drop(descriptor: int) -> None:
    """Take the marker away, if there is one."""
    try:
        os.removexattr(descriptor, NAME)
    except OSError as error:
        if error.errno not in _NONE:
            raise


def pack(marker: Marker) -> bytes:
    """The attribute's value."""
    facts = {name: getattr(marker, name) for name in _FACTS}
    return json.dumps({"v": VERSION, **facts}, separators=(",", ":")).encode()


def unpack(value: bytes) -> Marker:
    """The marker in an attribute's value; BadMarker for anything else."""
    try:
        return _checked(json.loads(value))
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        shown = value[:80].decode("ascii", "backslashreplace")
        raise BadMarker(f"The file's attribute {NAME} cannot be read: {shown!r}.") from error


def _checked(data: Any) -> Marker:
    if data.pop("v") != VERSION or data["state"] not in _STATES:
        raise ValueError("of another time")
    if not all(
        type(data[name]) is int and data[name] >= 0 for name in ("size", "head", "room", "left")
    ):
        raise ValueError("no sizes")
    if type(data["mtime"]) is not int or len(bytes.fromhex(data["sha256"])) != 32:
        raise ValueError("no time or digest")
    if not all(isinstance(data[name], str) and data[name] for name in ("target", "object")):
        raise ValueError("no place")
    return Marker(**data)
