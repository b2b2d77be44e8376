"""Folders and links of a site as a target knows them, and how another site gets the same: a folder
wears what it wore, with its time set after all that was put into it."""

from __future__ import annotations

import json
import os
from contextlib import suppress
from dataclasses import asdict, dataclass, field, replace
from typing import Any

from lagan.hsm.attributes import (
    dress,
    expect_sound,
    gid_of,
    is_dressed,
    owners,
    uid_of,
    worn,
)
from lagan.hsm.errors import Taken
from lagan.hsm.naming import way_name
from lagan.hsm.record import LIMIT
from lagan.hsm.telling import Finder
from lagan.kit.errors import NotFound
from lagan.store.volume import Volume

VERSION = 1


@dataclass(frozen=True, slots=True)
class Way:
    """A folder, or a link with its `text`, as `root` has it at `path` beneath it, which is `origin`
    there. `mtime` in nanoseconds. A folder that was not `sent` itself is only above something that
    was: where it is there already it stays as it is."""

    path: str
    origin: str
    root: str
    mtime: int
    mode: int
    uid: int
    gid: int
    owner: str = ""
    group: str = ""
    xattrs: dict[str, str] = field(default_factory=dict)
    names: dict[str, str] = field(default_factory=dict)
    text: str | None = None
    sent: bool = True


def folder_at(descriptor: int, path: str, origin: str, root: str, *, sent: bool) -> Way:
    """An open folder as it is now."""
    found = os.fstat(descriptor)
    return Way(path, origin, root, found.st_mtime_ns, **worn(descriptor, found), sent=sent)


def link_at(folder: int, name: str, path: str, origin: str, root: str) -> Way:
    """The link `name` in an open folder."""
    found = os.stat(name, dir_fd=folder, follow_symlinks=False)
    text = os.readlink(name, dir_fd=folder)
    return Way(path, origin, root, found.st_mtime_ns, 0o777, **owners(found), text=text)


def stays_within(path: str, text: str) -> bool:
    """Whether a link at `path` beneath a root, with this text, points to something beneath it: then
    it means the same at another site."""
    if text.startswith("/"):
        return False
    depth = path.count("/")
    for part in text.split("/"):
        depth += -1 if part == ".." else part not in ("", ".")
        if depth < 0:
            return False
    return True


def tell_way(volume: Volume, way: Way) -> bool:
    """Have a target know a folder or link; whether it did not before. What was sent once counts as
    sent."""
    name = way_name(way.path, way.root)
    known = read(volume, name)
    if known is not None and known.sent and known.text is None and way.text is None:
        way = replace(way, sent=True)
    if known == way:
        return False
    volume.replace(name, (json.dumps({"v": VERSION, **asdict(way)}) + "\n").encode())
    return True


def forget_way(volume: Volume, path: str, root: str) -> None:
    """The root so named has no folder or link at `path`."""
    volume.delete(way_name(path, root))


def find_way(volume: Volume, finder: Finder, origin: str, here: str) -> Way | None:
    """The folder or link that another root than `here` has at `origin`; of several the newest."""
    for tail in finder.tails(origin):
        told = sorted(volume.list(way_name(tail)), key=lambda each: -each.modified)
        for each in told:
            way = read(volume, each.name)
            if way is not None and way.origin == origin and way.root != here:
                finder.learn(origin, tail)
                return way
    return None


def wear(descriptor: int, way: Way) -> bool:
    """Give an open folder what `way` says; whether it was otherwise."""
    found = os.fstat(descriptor)
    if found.st_mtime_ns == way.mtime and is_dressed(descriptor, found, way):
        return False
    dress(descriptor, way)
    os.utime(descriptor, ns=(found.st_atime_ns, way.mtime))
    return True


def make_link(folder: int, name: str, way: Way) -> bool:
    """Make a link in an open folder; whether it was not there. Taken when something else is."""
    text = way.text or ""
    try:
        os.symlink(text, name, dir_fd=folder)
    except FileExistsError:
        with suppress(OSError):
            if os.readlink(name, dir_fd=folder) == text:
                return False
        raise Taken(f"Something else is here: {name!a}.") from None
    with suppress(PermissionError):
        os.chown(name, uid_of(way), gid_of(way), dir_fd=folder, follow_symlinks=False)
    os.utime(name, ns=(way.mtime, way.mtime), dir_fd=folder, follow_symlinks=False)
    os.fsync(folder)
    return True


def read(volume: Volume, name: str) -> Way | None:
    """What is kept as `name`; None when there is nothing that can be understood."""
    try:
        data = b"".join(bytes(each) for each in volume.read(name, 0, LIMIT))
        return _checked(json.loads(data))
    except (NotFound, ValueError, TypeError, KeyError, AttributeError):
        return None


def _checked(data: dict[str, Any]) -> Way:
    if data.pop("v") != VERSION:
        raise ValueError("of another time")
    way = Way(**data)
    if not all(type(each) is int for each in (way.mtime, way.mode, way.uid, way.gid)):
        raise ValueError("no numbers")
    if not all(isinstance(each, str) for each in (way.path, way.origin, way.root)):
        raise ValueError("no texts")
    if way.text is not None and (not isinstance(way.text, str) or not way.text):
        raise ValueError("no link")
    expect_sound(way.xattrs, way.names)
    return way
