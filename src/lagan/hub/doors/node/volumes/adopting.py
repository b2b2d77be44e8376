"""Volumes of the archive server become volumes of ours, in place, once an administrator says so.

Every catalogued file is read first and its digests are kept, some at a time, so that it can be
stopped and gone on with; what cannot be read as the catalogue says is marked as damaged. Then the
journal gets a line for each, and last the volume is prepared: until that moment it is only read.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from django.db.models import Count, Exists, OuterRef, QuerySet, Sum

from lagan.hub.audit import services as audit
from lagan.hub.audit.kinds import Kind
from lagan.hub.base import locks
from lagan.hub.base.actors import Actor
from lagan.hub.doors.node.config.shape import NodeConfig
from lagan.hub.doors.node.files import catalogue, checksums
from lagan.hub.doors.node.models import Disk, Proof, StoredFile
from lagan.hub.doors.node.volumes import disk_rows, volume_info
from lagan.hub.doors.node.volumes.disks import FILES_MODE, is_used, place_of, volume_folders
from lagan.hub.doors.node.volumes.journal_lines import line_of
from lagan.kit.digests import Digests, digests_of
from lagan.kit.errors import Conflict, LaganError, NotFound
from lagan.kit.ids import new_id
from lagan.store.errors import NotAVolume
from lagan.store.identity import identify, prepare
from lagan.store.journal import FileLine, Journal
from lagan.store.posix import PosixVolume
from lagan.store.quiet import read_quietly

BATCH = 200
"""Files whose digests are kept at once."""
BATCH_BYTES = 1 << 30
"""Bytes after which they are kept although they are fewer: about what a stop may cost."""

Watch = Callable[[int, int], None]
"""Told how many files and bytes were looked at just now."""


@dataclass(slots=True)
class Confirmed:
    """What became of a volume. `damaged` has a sentence a file; `files` are those that are in
    order."""

    disk_id: str
    files: int = 0
    bytes: int = 0
    damaged: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Look:
    """What was seen of one copy: digests, and an empty finding when all is in order."""

    row: StoredFile
    digests: Digests | None
    finding: str


def is_ours(path: Path) -> bool:
    """Whether the volume at this place was prepared by us."""
    try:
        identify(PosixVolume(path, mode=FILES_MODE))
    except NotAVolume:
        return False
    return True


@dataclass(frozen=True, slots=True)
class Known:
    """A volume in a node's volume directory. `state` is `ours`, `unconfirmed` (only read so far),
    `empty` (ours as soon as the node is ONLINE) or `unused` (in no storage set); `left` are
    files whose digests are not known yet."""

    slot: str
    path: str
    disk_id: str
    storage_set: str
    kind: str
    state: str
    files: int
    bytes: int
    left: int


def volumes(config: NodeConfig) -> list[Known]:
    """All of them, by slot, with what the catalogue knows of them."""
    return [_known(config, path) for path in volume_folders(config)]


def _known(config: NodeConfig, path: Path) -> Known:
    info = volume_info.decode((path / volume_info.NAME).read_bytes())
    place = place_of(config, path.name)
    row = Disk.objects.filter(pk=info.disk_id).first()
    return Known(
        slot=path.name,
        path=str(path),
        disk_id=info.disk_id,
        storage_set=place.set_id if place else "",
        kind={"M": "main", "R": "replication"}[place.kind] if place else "",
        state=_state(path, used=place is not None),
        files=row.number_of_files if row else 0,
        bytes=row.bytes_stored if row else 0,
        left=left_to_read(info.disk_id)[0],
    )


def _state(path: Path, *, used: bool) -> str:
    if is_ours(path):
        return "ours"
    if not used:
        return "unused"
    return "unconfirmed" if is_used(path) else "empty"


def left_to_read(disk_id: str) -> tuple[int, int]:
    """Files and bytes of a disk whose digests we do not have."""
    found = _unproven(disk_id).aggregate(files=Count("file_id"), bytes=Sum("file_size"))
    return found["files"], int(found["bytes"] or 0)


def confirm(*, path: Path, disk_id: str, by: Actor, watch: Watch = lambda *_: None) -> Confirmed:
    """Make the disk at `path` ours. Conflict while somebody else does; NotFound when the catalogue
    has no such disk."""
    if not Disk.objects.filter(pk=disk_id).exists():
        raise NotFound(
            f"The catalogue knows no disk {disk_id}: start the node once, so that it is registered."
        )
    store = PosixVolume(path, mode=FILES_MODE)
    with locks.advisory(f"node.confirm.{disk_id}") as held:
        if not held:
            raise Conflict(f"The disk {disk_id} is being confirmed just now.")
        done = Confirmed(disk_id)
        for batch in _unread(disk_id):
            _keep([_look(store, each, watch) for each in batch], done)
        _write_lines(store, disk_id, done)
        if not is_ours(path):
            prepare(store, name=disk_id, adopt=True)
            _tell(disk_id, by, done)
    return done


def _unproven(disk_id: str) -> QuerySet[StoredFile]:
    known = Proof.objects.filter(
        disk_id=disk_id, file_id=OuterRef("file_id"), file_version=OuterRef("file_version")
    )
    return catalogue.on_disk(disk_id).filter(~Exists(known))


def _unread(disk_id: str) -> Iterator[list[StoredFile]]:
    """Copies that we have no digests of, in the order of their ids, some at a time."""
    for page in _pages(_unproven(disk_id)):
        size, batch = 0, []
        for row in page:
            batch.append(row)
            size += row.file_size
            if size >= BATCH_BYTES:
                yield batch
                size, batch = 0, []
        if batch:
            yield batch


def _pages(rows: QuerySet[StoredFile]) -> Iterator[list[StoredFile]]:
    """All of them by key, as they are when each page is read."""
    after = ("", 0)
    while page := _page(rows, after):
        yield page
        after = (page[-1].file_id, page[-1].file_version)


def _page(rows: QuerySet[StoredFile], after: tuple[str, int]) -> list[StoredFile]:
    """Those after a key: the rest of its id, then further ids, each one range of the index."""
    same = rows.filter(file_id=after[0], file_version__gt=after[1]).order_by("file_version")
    found = list(same[:BATCH])
    if len(found) < BATCH:
        beyond = rows.filter(file_id__gt=after[0]).order_by("file_id", "file_version")
        found += beyond[: BATCH - len(found)]
    return found


def _look(store: PosixVolume, row: StoredFile, watch: Watch) -> Look:
    try:
        store.stat(row.file_name)  # beneath the volume, and no link: the reader does not look
        digests = digests_of(read_quietly(store, row.file_name))
    except NotFound:
        return Look(row, None, "the file is not on the disk")
    except LaganError as error:
        return Look(row, None, f"it cannot be read: {error.sentence}")
    watch(1, digests.size)
    return Look(row, digests, _difference(row, digests))


def _difference(row: StoredFile, digests: Digests) -> str:
    """What the catalogue says and the bytes do not; empty when they agree."""
    if digests.size != int(row.file_size):
        return f"it has {digests.size} bytes, not {row.file_size}"
    try:
        variant = checksums.variant_of(row.checksum_plugin or "")
    except ValueError:
        # A plug-in of that site made it: nothing to compare with.
        return ""
    if row.checksum is None or variant is None:
        return ""
    found = checksums.value(digests, variant)
    same = checksums.same(found, row.checksum)
    return "" if same else f"its checksum is {found}, not {row.checksum}"


def _keep(looks: Sequence[Look], done: Confirmed) -> None:
    """Digests of what is in order, marks on what is not; copies that went away meanwhile are left
    out."""
    now = datetime.now(UTC)
    with catalogue.turn():
        still = catalogue.on_disk(looks[0].row.disk_id).filter(
            file_id__in={each.row.file_id for each in looks}
        )
        keys = {catalogue.key_of(each) for each in still}
        there = [each for each in looks if catalogue.key_of(each.row) in keys]
        Proof.objects.bulk_create(
            [
                _proof(each.row, each.digests, now)
                for each in there
                if each.digests is not None and not each.finding
            ]
        )
        for each in there:
            if each.finding or catalogue.is_bad(each.row):
                catalogue.mark(each.row, finding=each.finding, at=now)
    done.damaged += [f"{each.row}: {each.finding}" for each in there if each.finding]


def _proof(row: StoredFile, digests: Digests, now: datetime) -> Proof:
    return Proof(
        disk_id=row.disk_id,
        file_id=row.file_id,
        file_version=row.file_version,
        line=new_id(),
        sha256=digests.sha256,
        crc32c=digests.crc32c,
        crc32=digests.crc32,
        checked_at=now,
    )


def _write_lines(store: PosixVolume, disk_id: str, done: Confirmed) -> None:
    """A line for each copy that has none yet. Each page of them is written while the catalogue
    cannot change."""
    journal, now = Journal(store), datetime.now(UTC)
    there = {each.id for each in journal.entries() if isinstance(each, FileLine)}
    rows, after = catalogue.on_disk(disk_id), ("", 0)
    while True:
        with catalogue.turn():
            page = _page(rows, after)
            lines = _lines(page, now)
            journal.append([each for each in lines if each.id not in there])
        if not page:
            return
        after = (page[-1].file_id, page[-1].file_version)
        done.files += len(lines)
        done.bytes += sum(each.length for each in lines)


def _lines(rows: Sequence[StoredFile], now: datetime) -> list[FileLine]:
    known = catalogue.proofs(rows)
    pairs = [(row, known.get(catalogue.key_of(row))) for row in rows]
    return [
        line_of(row, proof.line, catalogue.digests_of(proof, row.file_size), now)
        for row, proof in pairs
        if proof is not None
    ]


def _tell(disk_id: str, by: Actor, done: Confirmed) -> None:
    with catalogue.turn():
        said = f"{done.files} files, {len(done.damaged)} of them damaged or missing"
        disk_rows.tell(disk_id, by.name, "Disk Confirmed", said)
        facts = {"disk": disk_id, "files": done.files, "damaged": len(done.damaged)}
        audit.record(kind=Kind.NODE_VOLUME, by=by, data={"what": "confirmed", **facts})
