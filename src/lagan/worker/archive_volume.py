"""The archive as a volume: what a site keeps there is a File of the archive, with its copies and
checks, and has the name that the site gave it.

Small objects wait in memory and go with the request that publishes them, many at once; larger ones
are sent in stretches while they come, and are gone on with after an interruption. Nothing waits on
a disk of the site, which may be full: that is why content moves.
"""

from __future__ import annotations

import base64
import re
import threading
from collections.abc import Collection, Iterator, Sequence
from pathlib import Path
from weakref import WeakValueDictionary

from lagan.kit.digests import DEFAULT, Buffer, Digester
from lagan.kit.errors import BadInput, Conflict, Locked, Unavailable
from lagan.store.errors import BadLocation
from lagan.store.layout import OWN, check_any, check_key, check_object, check_own
from lagan.store.volume import Capabilities, Incoming, ObjectStat, Usage
from lagan.worker.archive_hub import ArchiveHub, Where
from lagan.worker.archive_incoming import ArchiveIncoming, Memory
from lagan.worker.archive_wire import LARGEST, MOST_OBJECTS, Announced
from lagan.worker.place import Place

SCHEME = "archive:"
TARGET = "archive"
"""The target of the archive that is meant when a location names none."""
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
_RESUMED = 5
"""Times that reading goes on where a connection was lost."""


def is_archive(location: str) -> bool:
    """Whether a location names the archive, and no volume of the store."""
    return location.startswith(SCHEME)


def check_location(location: str) -> str:
    """The target's name in a location of the archive. BadLocation for what is none."""
    name = location.removeprefix(SCHEME) or TARGET
    if not is_archive(location) or not _NAME.fullmatch(name):
        raise BadLocation(f"Not a location of the archive: {location[:200]!r}.")
    return name


def open_archive(location: str, place: Place) -> ArchiveVolume:
    """The volume at `archive:` or `archive:NAME` of the hub that this worker serves. BadLocation
    for a worker that has no hub, or no key for it."""
    name = check_location(location)
    if place.hub_url is None or place.credentials is None:
        raise BadLocation("The archive is a target of workers that have a hub and a site's key.")
    return ArchiveVolume(Where(place.hub_url, name, place.site, place.credentials, place.tls))


class ArchiveVolume:
    """One target of the archive, as a site sees it."""

    capabilities = Capabilities()

    def __init__(self, where: Where) -> None:
        self.location = f"{SCHEME}{where.target}"
        self._hub = ArchiveHub(where)
        self._memory = Memory()
        self._open: WeakValueDictionary[str, ArchiveIncoming] = WeakValueDictionary()
        self._lock = threading.Lock()

    def receive(self, key: str, *, algorithms: Collection[str] = DEFAULT) -> Incoming:
        """Begin in memory."""
        fresh = ArchiveIncoming(check_key(key), self._hub, self._memory, Digester(algorithms))
        with self._lock:
            if (known := self._open.get(key)) is not None and known.waits:
                raise Conflict(f"Exists already: upload {key}.")
            self._open[key] = fresh
        return fresh

    def resume(
        self,
        key: str,
        *,
        size: int,
        algorithms: Collection[str] = DEFAULT,
        digester: Digester | None = None,
    ) -> Incoming:
        """Go on with what the hub has; who wrote it before cannot any more. Locked while this
        process writes it; the digests come from the hub unless `digester` fits."""
        known = self._open.get(check_key(key))
        if known is not None and known.waits:
            raise Locked(f"Upload {key} is being written by somebody else.")
        writer = str(self._hub.say("resume", key=key, size=size)["writer"])
        fits = digester is not None and digester.size == size
        mine = digester if fits else Digester(algorithms) if size == 0 else None
        again = ArchiveIncoming(key, self._hub, self._memory, mine, writer=writer, size=size)
        with self._lock:
            self._open[key] = again
        return again

    def pending(self) -> Iterator[ObjectStat]:
        """What the hub has of this site's, and what waits in the memory of this process."""
        told = self._hub.say("pending")["uploads"]
        found = {key: ObjectStat(key, size, modified) for key, size, modified in told}
        for key, each in list(self._open.items()):
            if each.waits:
                found[key] = ObjectStat(key, each.size, each.begun)
        return iter(found.values())

    def publish(self, arrivals: Sequence[tuple[Incoming, str]]) -> None:
        """One request, and one transaction at the hub."""
        moves = [(_own(incoming), check_object(name)) for incoming, name in arrivals]
        if len({name for _, name in moves}) != len(moves):
            raise Conflict("Two of these would have the same name.")
        if len(moves) > MOST_OBJECTS:
            raise BadInput(f"At most {MOST_OBJECTS} objects are published together.")
        _make_fit([each for each, _ in moves])
        items = [_announced(each, name) for each, name in moves]
        data = [each.data for each, _ in moves if each.writer is None]
        staged = [each for each, _ in moves if each.writer is not None]
        http = staged[0].connection() if len(staged) == 1 else self._hub.connection()
        try:
            self._hub.publish(items, data, http)
        finally:
            if len(staged) != 1:
                http.close()
        for each, _ in moves:
            each.published()

    def read(self, name: str, offset: int = 0, length: int | None = None) -> Iterator[Buffer]:
        """Small ones whole, with what other threads ask meanwhile; others as they come over the
        network, and a connection that is lost is made again."""
        if check_any(name).startswith(OWN):
            data = base64.b64decode(self._hub.say("note", name=name)["data"])
            piece = data[offset:] if length is None else data[offset : offset + length]
            return iter([piece] if piece else [])
        if offset == 0 and length is None:
            told = self._hub.say("content", name=name)["data"]
            if told is not None:
                return iter([base64.b64decode(told)] if told else [])
        pieces = self._hub.content(name, offset, length).pieces()
        return self._going_on(name, pieces, offset, length)

    def stat(self, name: str) -> ObjectStat:
        """Size and time."""
        told = self._hub.say("stat", name=check_any(name))
        return ObjectStat(name, told["size"], told["modified"])

    def list(self, prefix: str = "") -> Iterator[ObjectStat]:
        """A page at a time."""
        return (ObjectStat(*each) for each in self._hub.names(prefix))

    def delete(self, name: str) -> bool:
        """Remove what is this site's own; what it may only read stays."""
        return bool(self._hub.say("delete", name=check_any(name))["there"])

    def append(self, name: str, data: bytes) -> None:
        """Added in the hub's database and the journals of its volumes."""
        self._hub.say("append", name=check_own(name), data=base64.b64encode(data).decode())

    def replace(self, name: str, data: bytes) -> None:
        """Written in the hub's database and the journals of its volumes."""
        self._hub.say("replace", name=check_own(name), data=base64.b64encode(data).decode())

    def replace_many(self, entries: Sequence[tuple[str, bytes]]) -> None:
        """As `replace` of each, in one request."""
        words = [
            {"word": "replace", "name": check_own(name), "data": base64.b64encode(data).decode()}
            for name, data in entries
        ]
        self._hub.say_all(words)

    def usage(self) -> Usage:
        """The room of the archive's main volumes."""
        told = self._hub.say("usage")
        return Usage(told["total"], told["free"])

    def local_path(self, name: str) -> Path | None:
        """None: the objects are at the hub."""
        return None

    def prove(self, names: Sequence[str]) -> dict[str, str | None]:
        """The SHA-256 in hex of each object, which the hub has read from the medium just now; None
        for one that is not there."""
        return self._hub.prove([check_object(each) for each in names])

    def _going_on(
        self, name: str, pieces: Iterator[bytes], offset: int, length: int | None
    ) -> Iterator[Buffer]:
        left = _RESUMED
        end = None if length is None else offset + length
        while True:
            try:
                for piece in pieces:
                    offset += len(piece)
                    yield piece
            except Unavailable:
                left -= 1
                if not left:
                    raise
            else:
                return
            rest = None if end is None else end - offset
            pieces = self._hub.content(name, offset, rest).pieces()


def _make_fit(moves: Sequence[ArchiveIncoming]) -> None:
    """What does not go into one request's bytes goes before it; all that goes before has arrived
    when this returns."""
    total = 0
    for each in moves:
        if each.writer is None:
            total += each.size
            if total > LARGEST:
                each.stage()
    for each in moves:
        each.arrive()


def _announced(incoming: ArchiveIncoming, name: str) -> Announced:
    sha256 = incoming.digests().sha256 or ""
    return Announced(name, incoming.key, incoming.size, sha256, incoming.writer)


def _own(incoming: Incoming) -> ArchiveIncoming:
    if not isinstance(incoming, ArchiveIncoming):
        raise BadInput("This was received by another kind of volume.")
    if not incoming.waits:
        raise BadInput(f"Upload {incoming.key} was published or discarded before.")
    return incoming
