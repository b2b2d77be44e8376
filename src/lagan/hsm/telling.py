"""What a target is told of a site's files, and asked for another site's: two sites that have a file
at the same path do not take each other's word away."""

from __future__ import annotations

from contextlib import suppress

from lagan.hsm import tombstones
from lagan.hsm.errors import BadMarker, MissingAtTarget
from lagan.hsm.naming import displaced_name, record_name
from lagan.hsm.record import LIMIT, Record, pack, unpack
from lagan.hsm.tombstones import REPLACED, Tombstone
from lagan.kit.errors import NotFound, TooLarge
from lagan.store.volume import Volume


def known(volume: Volume, path: str) -> Record | None:
    """What was told last of the file at `path`; None when nothing. BadMarker, TooLarge."""
    return _read(volume, record_name(path))


def told_by(volume: Volume, path: str, root: str) -> Record | None:
    """What the root so named told of the file at `path`."""
    newest = readable(volume, record_name(path))
    if newest is not None and newest.root == root:
        return newest
    return readable(volume, displaced_name(path, root)) if root else None


def told_by_others(volume: Volume, path: str, origin: str, here: str) -> Record | None:
    """What a root other than `here` told of its file at `origin`, which is `path` beneath it."""
    newest = readable(volume, record_name(path))
    if newest is not None and newest.root != here:
        return newest if newest.origin == origin else None
    if newest is None:
        return None
    for each in volume.list(record_name(path).removesuffix("json")):
        found = None if each.name == record_name(path) else readable(volume, each.name)
        if found is not None and found.root != here and found.origin == origin:
            return found
    return None


def tell(volume: Volume, record: Record) -> None:
    """Have a target know the file of `record`; what it knew of that path it forgets, but for what
    another root told. The object is needed from now on; the one that this root's file at the path
    had before gets a tombstone. Busy, MissingAtTarget as `tombstones.claim`."""
    newest = readable(volume, record_name(record.path))
    for name, data in notes(record, newest):
        volume.replace(name, data)
    settle(volume, record, newest)


def notes(record: Record, newest: Record | None) -> list[tuple[str, bytes]]:
    """What is to be kept, by name, so that a target knows `record`, of whose path it knew `newest`
    so far: nothing when that is the same."""
    if newest == record:
        return []
    kept = []
    if newest is not None and newest.root not in ("", record.root):
        kept.append((displaced_name(record.path, newest.root), pack(newest)))
    return [*kept, (record_name(record.path), pack(record))]


def settle(volume: Volume, record: Record, newest: Record | None) -> None:
    """What follows when these notes are kept: what they replace ends, what they name is needed."""
    mine = newest
    if newest is not None and newest.root != record.root and record.root:
        mine = readable(volume, displaced_name(record.path, record.root))
        if mine is not None:
            volume.delete(displaced_name(record.path, record.root))
    if mine is not None and mine.root == record.root != "" and mine.object != record.object:
        end(volume, mine, REPLACED)
    tombstones.claim(volume, record.object)


def end(volume: Volume, record: Record, why: str) -> None:
    """Put up the tombstone of the object of a record whose file needs it no more."""
    try:
        size = volume.stat(record.object).size
    except NotFound:
        return
    stone = Tombstone(
        record.object, tombstones.clock(), why, record.root, record.path, size, record
    )
    tombstones.bury(volume, stone)


def forget(volume: Volume, record: Record) -> None:
    """Have a target know nothing any more of the file of `record`, if it is what it knows."""
    for name in (record_name(record.path), displaced_name(record.path, record.root or "-")):
        if readable(volume, name) == record:
            volume.delete(name)


class Finder:
    """Finds what other sites told of files that are asked for by the path at their own site. Which
    part of such a path lies beneath a root shows with the first that is found, and is tried first
    from then on."""

    def __init__(self, volume: Volume, here: str) -> None:
        self._volume = volume
        self._here = here
        self._above: str | None = None

    def tails(self, origin: str) -> list[str]:
        """What of the path `origin` may be the one beneath its root; the likeliest first."""
        parts = origin.strip("/").split("/")
        tails = ["/".join(parts[at:]) for at in range(len(parts))]
        if self._above is not None and origin.startswith(self._above):
            tails.insert(0, origin[len(self._above) :])
        return [each for each in dict.fromkeys(tails) if each]

    def learn(self, origin: str, path: str) -> None:
        """`origin` is `path` beneath its root."""
        self._above = origin[: -len(path)]

    def file(self, origin: str) -> Record | None:
        """The record of the file that another site has at `origin`, its object still there.
        MissingAtTarget when only that is not."""
        for tail in self.tails(origin):
            found = told_by_others(self._volume, tail, origin, self._here)
            if found is not None:
                self.learn(origin, tail)
                self._expect(found)
                return found
        return None

    def _expect(self, found: Record) -> None:
        with suppress(NotFound):
            if self._volume.stat(found.object).size == found.size:
                return
        raise MissingAtTarget(f"The target does not hold the content of {found.origin!a}.")


def readable(volume: Volume, name: str) -> Record | None:
    """What is kept as `name`; None as well for what nobody can read any more."""
    with suppress(BadMarker, TooLarge):
        return _read(volume, name)
    return None


def _read(volume: Volume, name: str) -> Record | None:
    try:
        data = b"".join(bytes(each) for each in volume.read(name, 0, LIMIT + 1))
    except NotFound:
        return None
    if len(data) > LIMIT:
        raise TooLarge("The target's record of a file is no record: too long.")
    return unpack(data)
