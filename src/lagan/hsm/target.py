"""A target keeps the content of files as objects with readable names on a volume, and tells what it
keeps only when that was read back and compared."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from typing import Protocol, runtime_checkable

from lagan.hsm import telling
from lagan.hsm.errors import Busy, MissingAtTarget
from lagan.hsm.naming import digest_of
from lagan.hsm.record import Record
from lagan.kit.digests import Buffer
from lagan.kit.errors import LaganError, Locked, NotFound
from lagan.kit.holes import PIECE, is_hole, pieces
from lagan.store.volume import Incoming, Skips, Volume

FORGOTTEN = 24 * 3600.0
"""Seconds after which an upload that nobody goes on with is dropped."""
_OURS = "hsm-"
_SMALL = "small-"
"""What a record is called that a killed worker did not put in its place."""

Tick = Callable[[int], object]
"""Told the bytes handled since it was last called; what it raises ends the work, cleanly."""


def quiet(count: int) -> None:
    """A `Tick` that tells nobody."""


@runtime_checkable
class Proves(Protocol):
    """A volume that can tell itself what it holds on its disks, so that nothing has to be read back
    over the network."""

    def prove(self, names: Sequence[str]) -> dict[str, str | None]:
        """The SHA-256 in hex of each object, read from the medium just now; None for one that is
        not there."""


class Target:
    """A volume under the name that this site knows it by."""

    def __init__(self, name: str, volume: Volume) -> None:
        self.name = name
        self.volume = volume

    def digest(self, name: str, tick: Tick = quiet) -> str:
        """The SHA-256 of an object as it is now, in hex. MissingAtTarget."""
        sha = hashlib.sha256()
        for piece in self.read(name):
            sha.update(piece)
            tick(0)
        return sha.hexdigest()

    def holds(self, name: str, size: int, sha256: str, tick: Tick = quiet) -> bool:
        """Whether an object is there and, read to its end, is what it must be."""
        if size > PIECE and self.size(name) != size:
            return False
        sha, count = hashlib.sha256(), 0
        try:
            for piece in self.read(name):
                sha.update(piece)
                count += len(piece)
                tick(0)
        except MissingAtTarget:
            return False
        return count == size and sha.hexdigest() == sha256

    def size(self, name: str) -> int | None:
        """Bytes of an object; None when it is not there."""
        try:
            return self.volume.stat(name).size
        except NotFound:
            return None

    def read(self, name: str, offset: int = 0, length: int | None = None) -> Iterator[Buffer]:
        """An object's bytes in order. MissingAtTarget."""
        try:
            yield from self.volume.read(name, offset, length)
        except NotFound:
            raise self.missing(name) from None

    def missing(self, name: str) -> MissingAtTarget:
        """The refusal for an object that is not there, or not whole."""
        return MissingAtTarget(f"The target {self.name} has no object {name}.")

    def record(self, relative: str) -> Record | None:
        """What the target knows of the file at `relative`; None when nothing. BadMarker."""
        return telling.known(self.volume, relative)

    def find(self, origin: str, relative: str) -> Record:
        """What is known of the file that is at `origin` at its own site; else of the one at
        `relative` beneath whatever root. MissingAtTarget, also when only its content is not
        there."""
        parts = origin.strip("/").split("/")
        tails = dict.fromkeys([relative, *("/".join(parts[at:]) for at in range(len(parts)))])
        for tail in filter(None, tails):
            found = self.record(tail)
            if found is not None and found.origin == origin:
                break
        else:
            found = self.record(relative) if relative else None
        if found is None or self.size(found.object) != found.size:
            raise MissingAtTarget(f"The target {self.name} has nothing of {origin!a}.")
        return found

    def tell(self, record: Record) -> None:
        """Have the target know the file of `record`, whose object is needed from now on; see
        `telling.tell`."""
        telling.tell(self.volume, record)

    def known(self, relative: str) -> Record | None:
        """As `record`; None also for one that cannot be read."""
        with suppress(LaganError):
            return self.record(relative)
        return None

    def sweep(self, age: float = FORGOTTEN) -> int:
        """Drop what was begun here longer than `age` seconds ago and nobody goes on with; how many
        that were."""
        old, dropped = time.time() - age, 0
        for each in list(self.volume.pending()):
            if each.name.startswith((_OURS, _SMALL)) and each.modified < old:
                with suppress(Busy):
                    dropped += self.drop(each.name)
        return dropped

    def drop(self, key: str) -> bool:
        """Drop an upload, if it is still there; Busy while it is being written."""
        try:
            self.volume.resume(key, size=0).discard()
        except NotFound:
            return False
        except Locked:
            raise Busy("Another worker brings this file to the target.") from None
        return True


def upload_prefix(relative: str) -> str:
    """What the keys of all uploads of a path begin with; a dash and an id follow."""
    return f"{_OURS}{digest_of(relative)[:24]}"


def copy_into(incoming: Incoming, descriptor: int, size: int, tick: Tick = quiet) -> None:
    """The first `size` bytes of an open file, fewer when it became shorter; holes stay holes where
    the volume can have them."""
    for piece in pieces(descriptor, size):
        if is_hole(piece) and isinstance(incoming, Skips):
            incoming.skip(len(piece))
        else:
            incoming.write([piece])
        tick(len(piece))


def digest_of_file(descriptor: int, size: int, tick: Tick = quiet) -> str:
    """The SHA-256 in hex of the first `size` bytes of an open file."""
    sha = hashlib.sha256()
    for piece in pieces(descriptor, size):
        sha.update(piece)
        tick(0)
    return sha.hexdigest()
