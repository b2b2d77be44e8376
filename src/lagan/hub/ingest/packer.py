"""Small files share packs on their way in: each has a ticket, which knows its outcome once the pack
is on stable storage."""

from __future__ import annotations

from collections.abc import Iterable
from concurrent.futures import Future
from dataclasses import dataclass, field
from uuid import UUID

from django.utils import timezone

from lagan.hub.archive import services as archive
from lagan.hub.base.actors import Actor
from lagan.hub.datasets.services import Arrival
from lagan.hub.ingest.intake import Arrived, Outcome, submit
from lagan.kit.ids import new_id
from lagan.store.packs import PackWriter
from lagan.store.volume import Incoming, Volume

SMALL = 1 << 20
"""Files below this many bytes share packs."""
PACK = 256 << 20
"""Bytes at which a pack is full."""


@dataclass(slots=True)
class Ticket:
    """Where a file is among those that were handed over together; no future before that."""

    place: int
    future: Future[list[Outcome]] | None = None

    def outcome(self) -> Outcome:
        """What became of the file; blocks until that is settled. The error that stopped it."""
        assert self.future, "the pack was closed"  # noqa: S101
        return self.future.result()[self.place]


def wait_for(tickets: Iterable[Ticket]) -> None:
    """Return when all of them are settled, well or not."""
    for future in {id(each.future): each.future for each in tickets}.values():
        if future is not None:
            future.exception()


@dataclass(slots=True)
class _Pack:
    incoming: Incoming
    writer: PackWriter
    object: str
    files: list[Arrived] = field(default_factory=list)
    tickets: list[Ticket] = field(default_factory=list)


class Packer:
    """Fills one pack after the other on a volume. For one thread at a time; close or discard it in
    the end."""

    def __init__(self, *, by: Actor, volume: UUID, store: Volume, full: int = PACK) -> None:
        """`full` is the size in bytes at which a pack is handed over."""
        self._by, self._volume, self._store, self._full = by, volume, store, full
        self._pack: _Pack | None = None

    def add(self, arrival: Arrival, data: bytes) -> Ticket:
        """Put a file into the pack that is open; its digests are those of the arrival."""
        pack = self._open()
        name = f"{arrival.dataset}/{arrival.path}"
        mtime = arrival.mtime_ns / 1e9
        offset, length = pack.writer.add(name, data, arrival.digests, mtime)
        ticket = Ticket(len(pack.files))
        pack.files.append(Arrived(arrival, offset, length))
        pack.tickets.append(ticket)
        if pack.incoming.size >= self._full:
            self.close()
        return ticket

    def close(self) -> None:
        """Hand the open pack over, if there is one."""
        pack = self._pack
        if pack is None:
            return
        pack.writer.finish()  # until the writer has it, it is ours to discard
        future = submit(
            volume=self._volume,
            incoming=pack.incoming,
            object=pack.object,
            by=self._by,
            files=pack.files,
        )
        self._pack = None
        for ticket in pack.tickets:
            ticket.future = future

    def discard(self) -> None:
        """Leave nothing of what was not handed over."""
        if self._pack:
            self._pack.incoming.discard()
            self._pack = None

    def _open(self) -> _Pack:
        if self._pack is None:
            id = new_id()
            incoming = self._store.receive(id.hex, algorithms=frozenset())
            object = archive.object_name(id=id, name=None, at=timezone.now())
            self._pack = _Pack(incoming, PackWriter(incoming), object)
        return self._pack
