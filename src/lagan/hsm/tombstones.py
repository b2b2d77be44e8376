"""An object that no file seems to need any more is not removed: it gets a tombstone, which says
since when, why, and whose it was. Whoever uses the object after all takes the tombstone away.

Nobody removes an object that somebody begins to use: who uses it first takes away its tombstone and
then looks whether it is condemned; who removes it first condemns it and then looks whether the
tombstone is still there. One of the two sees the other. (The idea is Dekker's.)
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from typing import Any

from lagan.hsm import record as records
from lagan.hsm.errors import BadMarker, Busy, MissingAtTarget
from lagan.hsm.naming import TOMBSTONES, condemned_name, tombstone_name
from lagan.hsm.record import LIMIT, Record
from lagan.kit.errors import NotFound
from lagan.store.volume import Volume

VERSION = 1
DELETED, REPLACED, GONE, DROPPED, ORPHAN = "deleted", "replaced", "gone", "dropped", "orphan"
"""Its file was removed by Lagan; has other content now; was found gone; the last file of a site
that named it was found gone; nothing ever spoke of it."""
ABANDONED = 3600.0
"""Seconds after which a removal that nobody ended is over."""


clock = time.time
"""Seconds since the epoch, as tombstones count them."""


@dataclass(frozen=True, slots=True)
class Tombstone:
    """Of the object called `object`: nobody is known to need it since `when` (seconds since the
    epoch). `root` and `path` say whose it was, `record` how its file is made again."""

    object: str
    when: float
    why: str
    root: str = ""
    path: str = ""
    size: int = 0
    record: Record | None = None


def bury(volume: Volume, stone: Tombstone) -> None:
    """Put up a tombstone, or renew the one that is there."""
    old = find(volume, stone.object)
    if stone.record is None and old is not None and old.record is not None:
        stone = replace(stone, record=old.record, root=old.root, path=old.path)
    volume.replace(tombstone_name(stone.object), pack(stone))


def find(volume: Volume, name: str) -> Tombstone | None:
    """The tombstone of the object called `name`, if it has one."""
    return read(volume, tombstone_name(name))


def every(volume: Volume, prefix: str = "") -> Iterator[Tombstone]:
    """All tombstones at a target, in no order; `prefix`: two hex digits, those of a share of them.
    One that cannot be read is passed over: it ends nothing."""
    begin = f"{TOMBSTONES}{prefix}/" if prefix else TOMBSTONES
    for each in volume.list(begin):
        with suppress(BadMarker):
            stone = read(volume, each.name)
            if stone is not None:
                yield stone


def withdraw(volume: Volume, name: str) -> bool:
    """Take the tombstone of the object called `name` away; whether there was one."""
    return volume.delete(tombstone_name(name))


def claim(volume: Volume, name: str) -> None:
    """Say that the object called `name` is needed: nobody removes it from now on but for a new
    reason. MissingAtTarget when it is not there, Busy while somebody is just removing it."""
    volume.delete(tombstone_name(name))
    if _is_condemned(volume, name):
        raise Busy("Its object at the target is just being removed.")
    try:
        volume.stat(name)
    except NotFound:
        raise MissingAtTarget(f"The target has no object {name}.") from None


def remove(volume: Volume, stone: Tombstone, still: Callable[[Tombstone], bool]) -> bool:
    """Remove the object of a tombstone and all that speaks of it; whether that was done. Not when
    its tombstone is not there any more, or `still` says no to the one that is."""
    name = stone.object
    begun = time.monotonic()
    volume.replace(condemned_name(name), b"{}\n")
    try:
        now = find(volume, name)
        if now is None or not still(now) or time.monotonic() - begun > ABANDONED / 2:
            return False
        volume.delete(name)
        volume.delete(tombstone_name(name))
        return True
    finally:
        volume.delete(condemned_name(name))


def pack(stone: Tombstone) -> bytes:
    """As it is kept."""
    shown = {**asdict(stone), "record": None}
    if stone.record is not None:
        shown["record"] = records.pack(stone.record).decode()
    return (json.dumps({"v": VERSION, **shown}) + "\n").encode()


def read(volume: Volume, name: str) -> Tombstone | None:
    """The tombstone that is kept as `name`; BadMarker when it cannot be understood."""
    try:
        data = b"".join(bytes(each) for each in volume.read(name, 0, 2 * LIMIT))
    except NotFound:
        return None
    try:
        return _checked(json.loads(data))
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise BadMarker("A tombstone at the target cannot be read.") from error


def _checked(data: dict[str, Any]) -> Tombstone:
    if data.pop("v") != VERSION:
        raise ValueError("of another time")
    kept = data.pop("record")
    stone = Tombstone(**data, record=records.unpack(kept.encode()) if kept else None)
    if type(stone.when) not in (int, float) or not stone.object:
        raise ValueError("no time or object")
    if not all(isinstance(each, str) for each in (stone.object, stone.root, stone.path)):
        raise ValueError("no texts")
    return stone


def _is_condemned(volume: Volume, name: str) -> bool:
    try:
        since = volume.stat(condemned_name(name)).modified
    except NotFound:
        return False
    return time.time() - since < ABANDONED
