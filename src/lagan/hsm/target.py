"""A target keeps the content of files as objects with readable names on a volume, and tells what it
keeps only when that was read back and compared."""

from __future__ import annotations

import hashlib
import os
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass

from lagan.hsm import telling
from lagan.hsm.errors import Busy, Changed, MissingAtTarget, WrongContent
from lagan.hsm.naming import digest_of, elsewhere, object_name, suffixed
from lagan.hsm.record import Record
from lagan.kit.digests import Buffer
from lagan.kit.errors import Conflict, LaganError, Locked, NotFound
from lagan.kit.ids import new_id
from lagan.store.volume import Incoming, Volume

PIECE = 1 << 20
"""Bytes read at once."""
FORGOTTEN = 24 * 3600.0
"""Seconds after which an upload that nobody goes on with is dropped."""
_OURS = "hsm-"
_SMALL = "small-"
"""What a record is called that a killed worker did not put in its place."""

Tick = Callable[[int], object]
"""Told the bytes handled since it was last called; what it raises ends the work, cleanly."""


def quiet(count: int) -> None:
    """A `Tick` that tells nobody."""


@dataclass(frozen=True, slots=True)
class Kept:
    """Content that a target is known to hold. `sent` are the bytes that had to be brought there."""

    object: str
    sha256: str
    sent: int


class Target:
    """A volume under the name that this site knows it by."""

    def __init__(self, name: str, volume: Volume) -> None:
        self.name = name
        self.volume = volume

    def keep(
        self,
        descriptor: int,
        size: int,
        relative: str,
        *,
        replaces: str | None = None,
        unchanged: Callable[[], bool] = lambda: True,
        tick: Tick = quiet,
    ) -> Kept:
        """Have the `size` bytes of an open file, which lies at `relative` beneath its root, as an
        object; return when they were read back and compared.

        An object of this path with the same content is used. One with other content is left, and
        the new one gets a suffix; but the object called `replaces` makes room. Changed when
        `unchanged` says no after reading, Busy while another worker brings the same path,
        WrongContent when what is read back differs. On any error nothing new is left.
        """
        known = self._same(descriptor, size, relative, tick)
        if known is not None:
            return known
        incoming = self._begin(relative)
        try:
            for piece in pieces_of(descriptor, size):
                incoming.write([piece])
                tick(len(piece))
            if incoming.size != size or not unchanged():
                raise Changed("The file was written while it was copied.")
            digest = incoming.digests().sha256 or ""
            name = self._publish(incoming, relative, replaces)
        except BaseException:
            with suppress(LaganError):
                incoming.discard()
            raise
        self._compare(name, size, digest, tick)
        return Kept(name, digest, size)

    def digest(self, name: str, tick: Tick = quiet) -> str:
        """The SHA-256 of an object as it is now, in hex. MissingAtTarget."""
        sha = hashlib.sha256()
        for piece in self.read(name):
            sha.update(piece)
            tick(0)
        return sha.hexdigest()

    def holds(self, name: str, size: int, sha256: str, tick: Tick = quiet) -> bool:
        """Whether an object is there and, read to its end, is what it must be."""
        return self.size(name) == size and self.digest(name, tick) == sha256

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
            raise MissingAtTarget(f"The target {self.name} has no object {name}.") from None

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

    def sweep(self, age: float = FORGOTTEN) -> int:
        """Drop what was begun here longer than `age` seconds ago and nobody goes on with; how many
        that were."""
        old, dropped = time.time() - age, 0
        for each in list(self.volume.pending()):
            if each.name.startswith((_OURS, _SMALL)) and each.modified < old:
                with suppress(Busy):
                    dropped += self._drop(each.name)
        return dropped

    def _same(self, descriptor: int, size: int, relative: str, tick: Tick) -> Kept | None:
        """An object of this path that has the content of the file already."""
        names = [object_name(relative)]
        with suppress(LaganError):
            if (record := self.record(relative)) is not None:
                names.insert(0, record.object)
        alike = [name for name in dict.fromkeys(names) if self.size(name) == size]
        if not alike:
            return None
        mine = digest_of_file(descriptor, size, tick)
        return next(
            (Kept(each, mine, 0) for each in alike if self.digest(each, tick) == mine), None
        )

    def _begin(self, relative: str) -> Incoming:
        """One upload of a path at a time; what a killed worker left of it is dropped. Each has a
        key of its own: a bucket knows a repeated request by it."""
        path = f"{_OURS}{digest_of(relative)[:24]}-"
        for each in list(self.volume.pending()):
            if each.name.startswith(path):
                self._drop(each.name)
        return self.volume.receive(f"{path}{new_id().hex}")

    def _publish(self, incoming: Incoming, relative: str, replaces: str | None) -> str:
        """The name that the incoming was given."""
        name = object_name(relative)
        if replaces == name:  # its content is in the file that was read just now
            self.volume.delete(name)
        for each in (name, suffixed(name, new_id()), elsewhere(relative, new_id())):
            try:
                self.volume.publish([(incoming, each)])
            except Conflict:
                continue
            if replaces is not None and replaces != each:
                self.volume.delete(replaces)
            return each
        raise Conflict(f"The target {self.name} has no name left for {relative!a}.")

    def _compare(self, name: str, size: int, digest: str, tick: Tick) -> None:
        """Read a new object back; it goes when it is not what was brought, or cannot be read."""
        try:
            if not self.holds(name, size, digest, tick):
                raise WrongContent(f"The target {self.name} kept other bytes than it was given.")
        except BaseException:
            with suppress(LaganError):
                self.volume.delete(name)
            raise

    def _drop(self, key: str) -> bool:
        """Drop an upload, if it is still there; Busy while it is being written."""
        try:
            self.volume.resume(key, size=0).discard()
        except NotFound:
            return False
        except Locked:
            raise Busy("Another worker brings this file to the target.") from None
        return True


def pieces_of(descriptor: int, size: int) -> Iterator[bytes]:
    """The first `size` bytes of an open file, fewer when it became shorter."""
    at = 0
    while at < size:
        piece = os.pread(descriptor, min(PIECE, size - at), at)
        if not piece:
            return
        yield piece
        at += len(piece)


def digest_of_file(descriptor: int, size: int, tick: Tick = quiet) -> str:
    """The SHA-256 in hex of the first `size` bytes of an open file."""
    sha = hashlib.sha256()
    for piece in pieces_of(descriptor, size):
        sha.update(piece)
        tick(0)
    return sha.hexdigest()
