"""A site's objects and those of the sites that are together with it: found, listed, read, and
proved from the medium."""

from __future__ import annotations

import hashlib
import logging
import os
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from itertools import groupby

from lagan.hub.archive import queries as archive
from lagan.hub.archive.queries import Location
from lagan.hub.targets.models import Participant, TargetObject
from lagan.hub.targets.sharing import readable
from lagan.kit.digests import Buffer, digests_of
from lagan.kit.errors import LaganError, NotFound, Unavailable
from lagan.store.layout import check_object
from lagan.store.quiet import read_quietly
from lagan.store.verify import Part, verify_parts

PAGE = 1000
"""Names of one page."""
SURE = 8 << 20
"""Bytes up to which what is read whole is compared before it is sent, so that a damaged copy is not
what a site gets while there is a good one."""
_SOME = 900
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Found:
    """An object: bytes, and when it was stored (seconds since the epoch)."""

    name: str
    size: int
    modified: float


def stat(asker: Participant, name: str) -> Found:
    """One object. NotFound, also for what the asker may not see."""
    return _found(_row(asker, name))


def listed(asker: Participant, prefix: str, after: str, size: int = PAGE) -> list[Found]:
    """Objects whose names begin so, behind `after`, by name."""
    rows = TargetObject.objects.filter(
        target=asker.target_id, owner__in=readable(asker), name__gte=prefix, name__gt=after
    )
    found = rows.order_by("name")[: min(size, PAGE)]
    return [_found(row) for row in found if row.name.startswith(prefix)]


def read(asker: Participant, name: str, offset: int, length: int | None) -> Iterator[Buffer]:
    """Bytes of an object from `offset`, fewer than `length` where it ends. NotFound at once;
    Unavailable when no copy can be read."""
    row = _row(asker, name)
    stop = row.size if length is None else min(row.size, offset + length)
    if offset >= stop:
        return iter(())
    places = archive.locations([row.stored_id]).get(row.stored_id, [])
    if stop - offset == row.size <= SURE:
        return iter([_whole(places)])
    return _pieces(places, offset, stop)


def prove(asker: Participant, names: Sequence[str]) -> Iterator[tuple[str, str | None]]:
    """The SHA-256 of each object, read from the medium just now; None for one that is not there, or
    that no copy can be read of. Objects that lie together are read together."""
    rows: dict[str, TargetObject] = {}
    for start in range(0, len(names), _SOME):
        some = [check_object(each) for each in names[start : start + _SOME]]
        kept = TargetObject.objects.filter(target=asker.target_id, owner__in=readable(asker))
        rows.update({row.name: row for row in kept.filter(name__in=some)})
    yield from ((name, None) for name in names if name not in rows)
    values = list(rows.values())
    for start in range(0, len(values), _SOME):
        yield from _proved(values[start : start + _SOME])


def _proved(rows: Sequence[TargetObject]) -> Iterator[tuple[str, str | None]]:
    """Those that are in one pack are read in one go."""
    places = archive.locations([row.stored_id for row in rows])
    order = sorted(rows, key=lambda row: _order(places.get(row.stored_id, [])))
    for _, some in groupby(order, key=lambda row: _order(places.get(row.stored_id, []))[:2]):
        together = [(row.name, places.get(row.stored_id, [])) for row in some]
        known = dict(_whole_ones(together))
        for name, copies in together:
            yield name, known[name] if name in known else _sha256(copies)


def _whole_ones(together: Sequence[tuple[str, Sequence[Location]]]) -> Iterator[tuple[str, str]]:
    """The digests of those of one object whose first copies are as they must be."""
    if not (copies := together[0][1]):
        return
    store, object = copies[0].store, copies[0].object
    _leave_cache(copies[0])
    names = {(copies[0].offset, copies[0].length): name for name, copies in together}
    parts = [Part(copies[0].offset, copies[0].length, copies[0].digests) for _, copies in together]
    for part, finding in verify_parts(store, object, parts, depth="full"):
        if finding.good and part.expected.sha256 is not None:
            yield names[part.offset, part.length], part.expected.sha256


def _order(places: Sequence[Location]) -> tuple[str, str, int]:
    return (places[0].volume, places[0].object, places[0].offset) if places else ("", "", 0)


def _sha256(places: Sequence[Location]) -> str | None:
    """What the first copy that can be read holds, whatever it should."""
    for place in places:
        sha = hashlib.sha256()
        try:
            for piece in read_quietly(place.store, place.object, place.offset, place.length):
                sha.update(piece)
        except LaganError as error:
            _log.warning("%s on %s: %s", place.object, place.volume, error.sentence)
            continue
        return sha.hexdigest()
    return None


def _leave_cache(place: Location) -> None:
    """Have the kernel forget what it has of an object: what was written a moment ago is still in
    memory, and would be read from there."""
    path = place.store.local_path(place.object)
    if path is None:
        return
    with suppress(OSError):
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW)
        try:
            os.posix_fadvise(descriptor, 0, 0, os.POSIX_FADV_DONTNEED)
        finally:
            os.close(descriptor)


def _whole(places: Sequence[Location]) -> bytes:
    for place in places:
        try:
            pieces = place.store.read(place.object, place.offset, place.length)
            data = b"".join(bytes(each) for each in pieces)
        except LaganError as error:
            _log.warning("%s on %s: %s", place.object, place.volume, error.sentence)
            continue
        if digests_of([data], ()).crc32c == place.digests.crc32c:
            return data
        _log.warning("%s on %s is damaged", place.object, place.volume)
    raise Unavailable("No good copy of this object can be read just now.")


def _pieces(places: Sequence[Location], start: int, stop: int) -> Iterator[Buffer]:
    for place in places:
        try:
            for piece in place.store.read(place.object, place.offset + start, stop - start):
                start += memoryview(piece).nbytes
                yield piece
        except LaganError as error:
            _log.warning("%s on %s: %s", place.object, place.volume, error.sentence)
        if start >= stop:
            return
    raise Unavailable("No copy of this object can be read just now.")


def _row(asker: Participant, name: str) -> TargetObject:
    rows = TargetObject.objects.filter(target=asker.target_id, owner__in=readable(asker))
    if (row := rows.filter(name=check_object(name)).first()) is None:
        raise NotFound(f"Not there: {name}.", name=name)
    return row


def _found(row: TargetObject) -> Found:
    return Found(row.name, row.size, row.stored_at.timestamp())
