"""From bytes that have arrived to copies that are acknowledged: one writer a disk, one transaction
a group.

Verbs: `receive` takes pieces to a disk under no name yet, `settle` gives them name, journal line
and row. When `settle` returns, bytes, name, folder, line and row are on stable storage. What fails
leaves nothing. Two archives of one id at once get versions of their own; two ids with one base name
get paths of their own.
"""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from itertools import chain
from typing import Any
from uuid import UUID

from django.db import close_old_connections

from lagan.hub.audit import services as audit
from lagan.hub.audit.kinds import Kind
from lagan.hub.base import locks
from lagan.hub.base.actors import Actor
from lagan.hub.doors.node.files import catalogue
from lagan.hub.doors.node.files.layout import object_path
from lagan.hub.doors.node.models import Proof, StoredFile
from lagan.hub.doors.node.volumes.disks import MIB, MountedDisk
from lagan.hub.doors.node.volumes.journal_lines import line_of
from lagan.hub.doors.node.wire.moments import show_local
from lagan.kit.digests import Buffer, Digests
from lagan.kit.errors import Conflict, LaganError, NotFound, Unavailable
from lagan.kit.ids import new_id
from lagan.store.volume import Incoming
from lagan.store.writer import Landing, Verdict, Writer


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known of a file that arrives, beside its bytes.

    `version` None: the next one. `replaces`: the version that it takes the place of, whose older
    copies go. `day` and `name` say where it lies. `checksum` is a text as the catalogue has it,
    None when none was asked for.
    """

    file_id: str
    name: str
    format: str
    by: Actor
    checksum: str | None = None
    checksum_name: str | None = None
    version: int | None = None
    replaces: bool = False
    day: date | None = None
    path: str | None = None
    uncompressed_size: int | None = None
    compression: str = "NONE"
    created: str | None = None
    ingested: str | None = None
    container: str | None = None
    rate: float | None = None
    io_time: float = -1
    kind: Kind = Kind.NODE_STORED


@dataclass(frozen=True, slots=True)
class Settled:
    """A copy that is acknowledged, and the copies that it took the place of."""

    row: StoredFile
    replaced: Sequence[catalogue.Removed] = ()


@dataclass(slots=True)
class _Delivery:
    """What a landing is about. `line` is the id of its journal line, fresh at every try."""

    facts: Facts
    digests: Digests
    line: UUID = field(default_factory=new_id)
    tried: bool = False


def receive(
    disk: MountedDisk, pieces: Iterable[Buffer], watch: Callable[[int], None] | None = None
) -> Incoming:
    """Take pieces to a disk; the caller settles or discards what it gets. On an error nothing
    stays. `watch` is told how many bytes came each time."""
    # Nor does who waits for a slow sender.
    locks.let_go()
    incoming = disk.store.receive(new_id().hex)
    try:
        for piece in _ahead(pieces, incoming.write):
            if watch is not None:
                watch(len(piece))
    except BaseException:
        incoming.discard()
        raise
    return incoming


def _ahead(pieces: Iterable[Buffer], write: Callable[[Sequence[Buffer]], None]) -> Iterator[Buffer]:
    """Write the pieces, each in a thread beside the one that waits for the next. One alone is
    written here."""
    source = iter(pieces)
    first = next(source, None)
    second = next(source, None)
    if first is not None and second is None:
        write([first])
        yield first
        return
    with ThreadPoolExecutor(1, "write") as beside:
        going: Future[None] | None = None
        for piece in chain((each for each in (first, second) if each is not None), source):
            if going is not None:
                going.result()
            going = beside.submit(write, [piece])
            yield piece
        if going is not None:
            going.result()


class Arrivals:
    """The writers of a node's disks."""

    def __init__(self, prefix: str) -> None:
        self._prefix = prefix
        self._writers: dict[str, Writer] = {}
        self._guard = threading.Lock()
        self._coming: Counter[str] = Counter()
        self._paths: set[tuple[str, str]] = set()
        self._left: set[str] = set()

    def settle(self, disk: MountedDisk, incoming: Incoming, facts: Facts) -> Settled:
        """The catalogue's row of these bytes, once all of it is on stable storage. On any refusal
        the bytes are gone. What was replaced is out of the catalogue; `removing.clear` it."""
        try:
            with self._expected(facts.file_id) as ahead:
                return self._settle(disk, incoming, facts, ahead)
        except BaseException as error:
            disk.unsettled |= not isinstance(error, Conflict | NotFound)
            with suppress(LaganError):
                incoming.discard()
            raise

    def settle_many(
        self, disk: MountedDisk, arrivals: Sequence[tuple[Incoming, Facts]]
    ) -> list[Settled | BaseException]:
        """As `settle` for files that come together and share their groups: in their order each
        one's row, or why there is none. Of equal ids the later gets the higher version."""
        latest = catalogue.latest_versions(each.file_id for _, each in arrivals)
        with ExitStack() as held:
            begun = [
                self._begin(disk, incoming, facts, latest.get(facts.file_id, 0), held)
                for incoming, facts in arrivals
            ]
            return [
                _ended(incoming, future)
                for (incoming, _), future in zip(arrivals, begun, strict=True)
            ]

    def _begin(
        self, disk: MountedDisk, incoming: Incoming, facts: Facts, latest: int, held: ExitStack
    ) -> Future[Settled]:
        ahead = held.enter_context(self._expected(facts.file_id))
        version = facts.version or latest + 1 + ahead
        delivery = _Delivery(facts, incoming.digests())
        for apart in (None, delivery.line):
            path = self._path(facts, version, apart)
            if held.enter_context(self._reserved(disk, path)):
                return self._writer(disk).commit(Landing(incoming, path, delivery))
        refused: Future[Settled] = Future()
        refused.set_exception(Conflict(f"There is no free place for {facts.name}."))
        return refused

    def close(self) -> None:
        """Finish what waits."""
        with self._guard:
            writers, self._writers = list(self._writers.values()), {}
        for each in writers:
            each.close()

    def leave(self, disk: MountedDisk) -> None:
        """Finish what is on its way to a disk; nothing more arrives there."""
        with self._guard:
            self._left.add(disk.id)
            writer = self._writers.pop(disk.id, None)
        if writer is not None:
            writer.close()

    def _settle(self, disk: MountedDisk, incoming: Incoming, facts: Facts, ahead: int) -> Settled:
        version = facts.version or _latest(facts.file_id) + (0 if facts.replaces else 1 + ahead)
        delivery = _Delivery(facts, incoming.digests())
        for apart in (None, delivery.line, new_id()):
            path = facts.path if facts.path and apart is None else self._path(facts, version, apart)
            with self._reserved(disk, path) as free:
                if not free:
                    continue
                with suppress(Conflict):
                    landing = Landing(incoming, path, delivery)
                    going = self._writer(disk).commit(landing)
                    # Whoever waits holds no connection: the writer needs one.
                    locks.let_go()
                    settled: Settled = going.result()
                    return settled
        raise Conflict(f"There is no free place for {facts.name}.", file_id=facts.file_id)

    def _path(self, facts: Facts, version: int, apart: UUID | None) -> str:
        day = facts.day or datetime.now(UTC).date()
        return object_path(
            prefix=self._prefix, day=day, version=version, name=facts.name, apart=apart
        )

    @contextmanager
    def _expected(self, file_id: str) -> Iterator[int]:
        """How many archives of this id are on their way before this one."""
        with self._guard:
            ahead = self._coming[file_id]
            self._coming[file_id] += 1
        try:
            yield ahead
        finally:
            with self._guard:
                self._coming[file_id] -= 1
                if not self._coming[file_id]:
                    del self._coming[file_id]

    @contextmanager
    def _reserved(self, disk: MountedDisk, path: str) -> Iterator[bool]:
        """Whether the name is free on the disk; nobody else of this node takes it meanwhile."""
        with self._guard:
            mine = (disk.id, path) not in self._paths
            if mine:
                self._paths.add((disk.id, path))
        try:
            yield mine and not _exists(disk, path)
        finally:
            if mine:
                with self._guard:
                    self._paths.discard((disk.id, path))

    def _writer(self, disk: MountedDisk) -> Writer:
        with self._guard:
            if disk.id in self._left:
                raise Unavailable(f"The disk {disk.id} is being removed.", disk=disk.id)
            if disk.id not in self._writers:
                self._writers[disk.id] = Writer(
                    disk.store, disk.journal, lambda landings: _catalogue(disk, landings)
                )
            return self._writers[disk.id]


def _ended(incoming: Incoming, future: Future[Settled]) -> Settled | BaseException:
    """What became of one of many; bytes that were refused are gone."""
    locks.let_go()
    if (error := future.exception()) is None:
        return future.result()
    with suppress(LaganError):
        incoming.discard()
    return error


def _exists(disk: MountedDisk, path: str) -> bool:
    try:
        disk.store.stat(path)
    except NotFound:
        return False
    return True


def _latest(file_id: str) -> int:
    return catalogue.latest_versions([file_id]).get(file_id, 0)


@contextmanager
def _catalogue(disk: MountedDisk, landings: Sequence[Landing]) -> Iterator[list[Verdict]]:
    """One transaction for a group; the journal is written while it is open, so that versions are
    final."""
    close_old_connections()
    try:
        with catalogue.turn():
            deliveries = [_fresh(each.context) for each in landings]
            catalogue.hold_ids(each.facts.file_id for each in deliveries)
            versions = _versions(deliveries)
            now = datetime.now(UTC)
            triples = list(zip(landings, deliveries, versions, strict=True))
            replaced = [
                _replace(each, version) for each, version in zip(deliveries, versions, strict=True)
            ]
            rows = [_row(disk, landing, each, version, now) for landing, each, version in triples]
            room = disk.free() // MIB
            proven = [_proof(disk, *triple, now) for triple in triples]
            renewed = {
                (each.facts.file_id, version)
                for each, version, old in zip(deliveries, versions, replaced, strict=True)
                if old
            }
            catalogue.add(rows, proven, {disk.id: room}, renewed)
            _audit(deliveries, rows)
            lines = [
                line_of(row, each.line, each.digests, now)
                for row, each in zip(rows, deliveries, strict=True)
            ]
            yield [
                Verdict(Settled(row, old), [line])
                for row, old, line in zip(rows, replaced, lines, strict=True)
            ]
            disk.row.available_mb = room
            disk.row.bytes_stored += sum(int(each.file_size) for each in rows)
            disk.row.number_of_files += len(rows)
    finally:
        close_old_connections()


def _replace(each: _Delivery, version: int) -> list[catalogue.Removed]:
    """Take what this one replaces out of the catalogue; its container is the new one's."""
    if not each.facts.replaces:
        return []
    old = catalogue.copies(each.facts.file_id, version=version)
    if not old:
        raise NotFound(f"There is no version {version} of {each.facts.file_id} to overwrite.")
    if each.facts.container is None:
        each.facts = replace(each.facts, container=old[0].container_id)
    return catalogue.remove(old)


def _fresh(delivery: Any) -> _Delivery:
    """A second try has a line of its own, because the journal voids that of the first."""
    known: _Delivery = delivery
    if known.tried:
        known.line = new_id()
    known.tried = True
    return known


def _versions(deliveries: Sequence[_Delivery]) -> list[int]:
    """The version of each, final."""
    open_ids = {each.facts.file_id for each in deliveries if each.facts.version is None}
    latest = catalogue.latest_versions(open_ids)
    given: list[int] = []
    for each in deliveries:
        facts = each.facts
        version = facts.version
        if version is None:
            known = latest.get(facts.file_id, 0)
            if facts.replaces and not known:
                raise NotFound(f"There is no file with ID {facts.file_id} to overwrite.")
            version = known if facts.replaces else known + 1
            latest[facts.file_id] = version
        given.append(version)
    return given


def _row(
    disk: MountedDisk, landing: Landing, each: _Delivery, version: int, now: datetime
) -> StoredFile:
    facts, size = each.facts, each.digests.size
    at = show_local(now)
    return StoredFile(
        disk_id=disk.id,
        file_name=landing.object,
        file_id=facts.file_id,
        file_version=version,
        format=facts.format,
        file_size=size,
        uncompressed_file_size=size if facts.uncompressed_size is None else facts.uncompressed_size,
        compression=facts.compression,
        ingestion_date=facts.ingested or at,
        file_ignore=0,
        checksum=facts.checksum,
        checksum_plugin=facts.checksum_name,
        file_status=catalogue.GOOD,
        creation_date=facts.created or at,
        container_id=facts.container,
        ingestion_rate=facts.rate,
        io_time=facts.io_time,
    )


def _proof(
    disk: MountedDisk, landing: Landing, each: _Delivery, version: int, now: datetime
) -> Proof:
    del landing
    known = each.digests
    return Proof(
        disk_id=disk.id,
        file_id=each.facts.file_id,
        file_version=version,
        line=each.line,
        sha256=known.sha256,
        crc32c=known.crc32c,
        crc32=known.crc32,
        checked_at=now,
    )


def _audit(deliveries: Sequence[_Delivery], rows: Sequence[StoredFile]) -> None:
    """One event for each sender of the group and what it did."""
    stored: dict[tuple[Actor, Kind], list[str]] = {}
    for each, row in zip(deliveries, rows, strict=True):
        name = f"{row.file_id}/{row.file_version}"
        stored.setdefault((each.facts.by, each.facts.kind), []).append(name)
    for (by, kind), names in stored.items():
        data = {"disk": rows[0].disk_id, "count": len(names), "files": names}
        audit.record(kind=kind, by=by, data=data)


def timed(began: float, size: int) -> float:
    """Bytes a second since `began` (monotonic)."""
    return size / max(time.monotonic() - began, 1e-6)
