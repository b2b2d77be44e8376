"""The stored zip of a package, read for the judge and for its outer checksum."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from lagan.hub.archive import queries as archive
from lagan.hub.archive.queries import Location
from lagan.hub.packages.models import Package
from lagan.kit.digests import Buffer
from lagan.kit.errors import LaganError, NotFound
from lagan.worker.ledger import Cancelled, LeaseLost

Told = Callable[[int], object]
"""Told how many more bytes were read."""


class Stretch:
    """The file at a location as the judge reads it. The volume's refusals pass."""

    def __init__(self, location: Location) -> None:
        self._location = location
        self.size = location.length

    def read(self, offset: int, length: int) -> bytes:
        """The bytes there."""
        wanted = min(length, self.size - offset)
        if wanted <= 0:
            return b""
        place = self._location
        return b"".join(place.store.read(place.object, place.offset + offset, wanted))


@dataclass(frozen=True, slots=True)
class Look:
    """What was found of one copy: its SHA-256, or why it could not be read."""

    location: Location
    sha256: str
    reason: str = ""


def copies(row: Package) -> list[Location]:
    """Its good copies, best first."""
    if row.stored is None:
        raise NotFound("Nothing of the package is stored.", package=row.pk)
    return archive.locations([row.stored]).get(row.stored, [])


def is_lost(row: Package) -> bool:
    """Whether every copy was found to be wrong or gone; those of a volume that is away were not."""
    if row.stored is None:
        return False
    known = archive.health([row.stored]).get(row.stored)
    return known is not None and all(each.state in ("bad", "missing") for each in known.replicas)


def look(location: Location, told: Told) -> Look:
    """Read a copy from its first byte to its last. What the volume refuses is its finding."""
    running = hashlib.sha256()
    try:
        for piece in _pieces(location):
            running.update(piece)
            told(len(piece))
    except (Cancelled, LeaseLost):
        raise
    except LaganError as error:
        return Look(location, "", error.sentence)
    return Look(location, running.hexdigest())


def _pieces(location: Location) -> Iterator[Buffer]:
    yield from location.store.read(location.object, location.offset, location.length)
