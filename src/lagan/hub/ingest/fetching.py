"""Files of a remote place become files of a dataset: small ones by packs, large ones each as a
stream, whatever is there already passed over."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from uuid import UUID

from django.utils import timezone

from lagan.hub.archive import services as archive
from lagan.hub.base.actors import Actor
from lagan.hub.datasets import queries as datasets
from lagan.hub.datasets.services import Arrival
from lagan.hub.ingest.intake import Arrived, Outcome, submit
from lagan.hub.ingest.packer import SMALL, Packer, Ticket
from lagan.kit.digests import Digester
from lagan.kit.errors import LaganError
from lagan.kit.ids import new_id
from lagan.kit.paths import check_relative
from lagan.store.volume import Incoming
from lagan.transfer import ChangedWhileRead, Found, Place, Whole

TRIES = 3
"""How often a file that changes while it is read is read anew before that is told."""
TOGETHER = 16 << 20
"""Bytes of small files that are held in memory, and made durable, at once: what a killed fetch
repeats at most."""


@dataclass(slots=True)
class Counts:
    """What became of the files so far; `bytes` are those of fetched ones."""

    fetched: int = 0
    present: int = 0
    bytes: int = 0
    failed: list[tuple[str, LaganError]] = field(default_factory=list)

    @property
    def done(self) -> int:
        """Files that the dataset has."""
        return self.fetched + self.present


class Fetch:
    """Takes files of `place` into `dataset`, some at a time. `folder` is what their paths are
    beneath. `told` hears of every step with the bytes of the file that is on its way, and may
    raise to end it."""

    def __init__(
        self, *, by: Actor, dataset: int, place: Place, folder: str, told: Callable[[int], None]
    ) -> None:
        self.counts = Counts()
        self._by, self._dataset, self._place, self._folder = by, dataset, place, folder
        self._told = told

    def take(self, found: Sequence[Found]) -> None:
        """Fetch these; when it returns each is on stable storage, was there, or has failed."""
        lacking = self._lacking(found)
        small = [each for each in lacking if each.item.size < SMALL]
        for some in _portions(small):
            self._small_ones(some)
        for each in lacking:
            if each.item.size >= SMALL:
                self._large_one(each)

    def _lacking(self, found: Sequence[Found]) -> list[Found]:
        """Those that the dataset does not have with this size and time."""
        good = [each for each in found if self._nameable(each)]
        known = datasets.entries_at(self._dataset, [each.path for each in good])
        lacking = [each for each in good if not _is_same(each, known.get(each.path))]
        self.counts.present += len(good) - len(lacking)
        return lacking

    def _nameable(self, each: Found) -> bool:
        try:
            check_relative(each.path)
        except LaganError as error:
            self._fail(each.path, error)
            return False
        return True

    def _small_ones(self, found: Sequence[Found]) -> None:
        chosen = archive.choose_volume(size=sum(each.item.size for each in found))
        store = archive.open_store(chosen.pk)
        packer = Packer(by=self._by, volume=chosen.pk, store=store)
        tickets: list[tuple[Found, int, Ticket]] = []
        try:
            for each, got in self._read(found):
                if isinstance(got, LaganError):
                    self._fail(each.path, got)
                else:
                    arrival = self._arrival(each.path, got)
                    tickets.append((each, len(got.data), packer.add(arrival, got.data)))
                self._told(0)
            packer.close()
        except BaseException:
            packer.discard()
            raise
        for each, size, ticket in tickets:
            self._settle(each.path, size, ticket.outcome)
        self._told(0)

    def _read(self, found: Sequence[Found]) -> list[tuple[Found, Whole | LaganError]]:
        """Their bytes; those that changed meanwhile are read again a few times."""
        got: dict[str, Whole | LaganError] = {}
        left = list(found)
        for _ in range(TRIES):
            paths = [self._there(each) for each in left]
            outcomes = self._place.read_small(paths, SMALL)
            got.update((each.path, one) for each, one in zip(left, outcomes, strict=True))
            left = [each for each in left if isinstance(got[each.path], ChangedWhileRead)]
            if not left:
                break
        for one in got.values():
            _raise_broken(one)
        return [(each, got[each.path]) for each in found]

    def _arrival(self, path: str, got: Whole) -> Arrival:
        digester = Digester()
        digester.update(got.data)
        return Arrival(self._dataset, path, new_id(), digester.result(), got.mtime_ns)

    def _large_one(self, each: Found) -> None:
        for left in reversed(range(TRIES)):
            try:
                self._stream(each)
            except ChangedWhileRead as error:
                if not left:
                    self._fail(each.path, error)
                continue
            except LaganError as error:
                _raise_broken(error)
                self._fail(each.path, error)
            return

    def _stream(self, each: Found) -> None:
        there = self._there(each)
        before = self._place.stat(there)
        id = new_id()
        chosen = archive.choose_volume(size=before.size)
        incoming = archive.open_store(chosen.pk).receive(id.hex)
        try:
            for piece in self._place.read(there):
                incoming.write([piece])
                self._told(incoming.size)
            after = self._place.stat(there)
            if (before.size, before.mtime_ns) != (after.size, after.mtime_ns) or (
                incoming.size != after.size
            ):
                raise ChangedWhileRead("It changed while it was read.")
            future = self._submit(each.path, id, chosen.pk, incoming, before.mtime_ns)
        except BaseException:
            incoming.discard()
            raise
        self._settle(each.path, incoming.size, lambda: future.result()[0])
        self._told(0)

    def _submit(
        self, path: str, id: UUID, volume: UUID, incoming: Incoming, mtime_ns: int
    ) -> Future[list[Outcome]]:
        digests = incoming.digests()
        arrival = Arrival(self._dataset, path, id, digests, mtime_ns)
        name = archive.object_name(id=id, name=path.rpartition("/")[2], at=timezone.now())
        files = [Arrived(arrival, 0, digests.size)]
        return submit(volume=volume, incoming=incoming, object=name, by=self._by, files=files)

    def _settle(self, path: str, size: int, outcome: Callable[[], Outcome]) -> None:
        """Count what became of a file that was handed over; a closed dataset ends everything."""
        got = outcome()
        if isinstance(got, LaganError):
            raise got
        self.counts.fetched += 1
        self.counts.bytes += size

    def _fail(self, path: str, error: LaganError) -> None:
        self.counts.failed.append((path, error))

    def _there(self, each: Found) -> str:
        """Its path beneath the place's top."""
        return f"{self._folder}/{each.path}" if self._folder else each.path


def _is_same(each: Found, known: datasets.EntryRow | None) -> bool:
    item = each.item
    return known is not None and (known.size, known.mtime_ns) == (item.size, item.mtime_ns)


def _portions(found: Sequence[Found]) -> Iterator[list[Found]]:
    """The files in order, as many at once as memory may hold."""
    some: list[Found] = []
    size = 0
    for each in found:
        if some and size + each.item.size > TOGETHER:
            yield some
            some, size = [], 0
        some.append(each)
        size += each.item.size
    if some:
        yield some


def _raise_broken(outcome: object) -> None:
    """Raise what stopped more than one file: a connection that broke, a volume that is full."""
    if isinstance(outcome, ChangedWhileRead):
        return
    if isinstance(outcome, LaganError) and not outcome.permanent:
        raise outcome
