"""What a target knows of the file at a path: its object, and all that makes the file again at
another site.

The newest migration of a path is what its record tells. A stub needs no record: its marker has all.
"""

from __future__ import annotations

import json
import os
from dataclasses import dataclass, field, fields
from typing import Any

from lagan.hsm import marker as markers
from lagan.hsm.attributes import dress, expect_sound, worn
from lagan.hsm.errors import BadMarker
from lagan.hsm.roots import root_of

__all__ = ["LIMIT", "Record", "dress", "pack", "record_of", "unpack"]

VERSION = 1
LIMIT = 1 << 20
"""Bytes of a record that is read: attributes are at most 64 KiB each on Linux."""


@dataclass(frozen=True, slots=True)
class Record:
    """A file as it was when its content was brought to the target. `path` is the one beneath its
    root, `origin` the whole one at its own site, `root` that root's own name (see `roots`). `mtime`
    in nanoseconds; `mode` are the permission bits; `xattrs` in base64 by name; `names` those of
    whom access lists name."""

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
    names: dict[str, str] = field(default_factory=dict)
    root: str = ""


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
        root=root_of(origin, path),
        **worn(descriptor, found),
    )


def pack(record: Record) -> bytes:
    """As it is kept: JSON, names that are no UTF-8 with escaped surrogates."""
    facts = {name: getattr(record, name) for name in _FACTS}
    return (json.dumps({"v": VERSION, **facts}) + "\n").encode()


def unpack(data: bytes) -> Record:
    """BadMarker when it cannot be understood."""
    try:
        return checked(json.loads(data))
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise BadMarker("A record at the target cannot be read.") from error


def checked(data: dict[str, Any]) -> Record:
    """The record in a JSON object; ValueError, TypeError or KeyError for anything else."""
    if data.pop("v") != VERSION:
        raise ValueError("of another time")
    record = Record(**data)
    whole = (record.size, record.mtime, record.room, record.mode, record.uid, record.gid)
    if not all(type(each) is int for each in whole) or record.size < 0 or record.room < 0:
        raise ValueError("no numbers")
    if len(bytes.fromhex(record.sha256)) != 32 or not record.object or not record.path:
        raise ValueError("no object")
    if not all(isinstance(each, str) for each in (record.root, record.origin, record.object)):
        raise ValueError("no texts")
    expect_sound(record.xattrs, record.names)
    return record
