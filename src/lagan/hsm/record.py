"""What a target knows of the file at a path: its object, and all that makes the file again at
another site.

The newest migration of a path is what its record tells. A stub needs no record: its marker has all.
"""

from __future__ import annotations

import base64
import errno
import grp
import json
import os
import pwd
import stat
import time
from contextlib import suppress
from dataclasses import dataclass, field, fields
from functools import lru_cache
from typing import Any

from lagan.hsm import marker as markers
from lagan.hsm.errors import BadMarker

VERSION = 1
LIMIT = 1 << 20
"""Bytes of a record that is read: attributes are at most 64 KiB each on Linux."""
_CARRIED = ("user.", "system.posix_acl_")
"""Attributes that mean the same at another site."""


@dataclass(frozen=True, slots=True)
class Record:
    """A file as it was when its content was brought to the target. `path` is the one beneath its
    root, `origin` the whole one at its own site. `mtime` in nanoseconds; `mode` are the permission
    bits; `xattrs` in base64 by name."""

    path: str
    origin: str
    object: str
    size: int
    sha256: str
    mtime: int
    room: int
    mode: int
    uid: int
    gid: int
    owner: str = ""
    group: str = ""
    xattrs: dict[str, str] = field(default_factory=dict)


_FACTS = tuple(each.name for each in fields(Record))


def record_of(
    descriptor: int, path: str, origin: str, found: os.stat_result, at: markers.Marker
) -> Record:
    """The record of an open file whose content `at` tells."""
    return Record(
        path=path,
        origin=origin,
        object=at.object,
        size=at.size,
        sha256=at.sha256,
        mtime=at.mtime,
        room=at.room,
        mode=stat.S_IMODE(found.st_mode),
        uid=found.st_uid,
        gid=found.st_gid,
        owner=_user(found.st_uid, _minute()),
        group=_group(found.st_gid, _minute()),
        xattrs=_attributes(descriptor),
    )


def dress(descriptor: int, record: Record) -> None:
    """Give an open file the attributes, owner and mode of a record. Who is not root keeps what may
    not be given away: the owner stays the worker's."""
    for name, value in record.xattrs.items():
        _give(descriptor, name, base64.b64decode(value))
    with suppress(PermissionError):
        os.fchown(descriptor, record.uid, record.gid)
    os.fchmod(descriptor, record.mode)  # after the owner: changing that takes away set-uid


def pack(record: Record) -> bytes:
    """As it is kept: JSON, names that are no UTF-8 with escaped surrogates."""
    facts = {name: getattr(record, name) for name in _FACTS}
    return (json.dumps({"v": VERSION, **facts}) + "\n").encode()


def unpack(data: bytes) -> Record:
    """BadMarker when it cannot be understood."""
    try:
        return _checked(json.loads(data))
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise BadMarker("A record at the target cannot be read.") from error


def _checked(data: dict[str, Any]) -> Record:
    if data.pop("v") != VERSION:
        raise ValueError("of another time")
    record = Record(**data)
    whole = (record.size, record.mtime, record.room, record.mode, record.uid, record.gid)
    if not all(type(each) is int for each in whole) or record.size < 0 or record.room < 0:
        raise ValueError("no numbers")
    if len(bytes.fromhex(record.sha256)) != 32 or not record.object or not record.path:
        raise ValueError("no object")
    for name, value in record.xattrs.items():
        if not name.startswith(_CARRIED) or name == markers.NAME:
            raise ValueError("an attribute that is not carried")
        base64.b64decode(value, validate=True)
    return record


def _attributes(descriptor: int) -> dict[str, str]:
    try:
        names = os.listxattr(descriptor)
    except OSError as error:
        if error.errno == errno.EOPNOTSUPP:
            return {}
        raise
    return {
        name: base64.b64encode(os.getxattr(descriptor, name)).decode()
        for name in sorted(names)
        if name.startswith(_CARRIED) and name != markers.NAME
    }


def _give(descriptor: int, name: str, value: bytes) -> None:
    """An attribute that this filesystem does not know, or that is not ours to give, stays away."""
    try:
        os.setxattr(descriptor, name, value)
    except OSError as error:
        if error.errno not in (errno.EOPNOTSUPP, errno.EPERM, errno.EACCES):
            raise


def _minute() -> int:
    """Names of people are asked for once a minute: a directory service may be far away."""
    return int(time.monotonic() // 60)


@lru_cache(maxsize=1024)
def _user(uid: int, minute: int) -> str:
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return ""


@lru_cache(maxsize=1024)
def _group(gid: int, minute: int) -> str:
    try:
        return grp.getgrgid(gid).gr_name
    except KeyError:
        return ""
