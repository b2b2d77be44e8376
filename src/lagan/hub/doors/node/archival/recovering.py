"""What a killed process left on its disks is settled when the node goes ONLINE again.

While a disk is mounted it has a mark, which a clean end removes. Bytes that arrived for nobody are
removed. Where the mark is still there, the end was not clean: lines that reached the journal and
not the catalogue are catalogued (their bytes are whole, and their sender may or may not have heard
of it) unless that version is another file's by now; objects that reached neither are moved to
`bad-files`, as the archive server does. Nothing older than the mark is touched: an old database
that was put back costs no file.
"""

from __future__ import annotations

import json
import logging
import re
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import islice
from typing import TYPE_CHECKING, TypeVar

from lagan.hub.audit import services as audit
from lagan.hub.audit.kinds import Kind
from lagan.hub.base.actors import Actor
from lagan.hub.doors.node.files import catalogue
from lagan.hub.doors.node.models import Proof, StoredFile
from lagan.hub.doors.node.volumes.journal_lines import proof_of, row_of
from lagan.kit.errors import LaganError, NotFound
from lagan.kit.files import make_folders, move_in, sync_folder
from lagan.kit.ids import new_id
from lagan.store.errors import as_refusals
from lagan.store.journal import FileLine, VoidLine

if TYPE_CHECKING:
    from lagan.hub.doors.node.volumes.disks import Disks, MountedDisk

_log = logging.getLogger(__name__)
_STARTED = time.time()
MARK = ".lagan/mounted.json"
"""Says since when a node has the disk mounted, in seconds since the epoch."""
BAD_FILES = "bad-files"
BATCH = 500
LEEWAY = 60.0
"""Seconds by which a clock may have gone back."""
_DATED = re.compile(r"(?:.+/)?\d{4}-\d\d-\d\d/\d+/(?:[0-9a-f]{32}/)?[^/]+")
T = TypeVar("T")


@dataclass(slots=True)
class Recovered:
    """What was found on one disk: files catalogued again, objects put aside, bytes of nobody."""

    catalogued: int = 0
    aside: int = 0
    discarded: int = 0


def recover(disks: Disks, prefix: str, by: Actor) -> None:
    """Settle every disk that can be written, and mark it as mounted. Never raises for what one
    disk cannot do. `prefix` is PathPrefix."""
    for disk in disks:
        if not disk.writable:
            continue
        try:
            found = _recover(disk, prefix, by)
            disk.store.replace(MARK, json.dumps({"since": time.time()}).encode())
        except LaganError as error:
            _log.error("What was left on %s waits: %s", disk.path, error.sentence)
            continue
        if found != Recovered():
            _log.warning("%s was not let go cleanly: %s", disk.path, found)


def note_clean(disks: Disks) -> None:
    """The disks are let go with nothing under way, but for those where something is not settled."""
    for disk in disks:
        if disk.writable and not disk.unsettled:
            with suppress(LaganError):
                disk.store.delete(MARK)


def _recover(disk: MountedDisk, prefix: str, by: Actor) -> Recovered:
    found = Recovered(discarded=_discard_pending(disk))
    since = _marked(disk)
    if since is None:
        return found
    for lines in _slices(_unknown_lines(disk, since), BATCH):
        catalogued, strange = _take_in(disk, lines, by)
        found.catalogued += catalogued
        found.aside += _put_aside(disk, [line.object for line in strange])
        disk.journal.append([VoidLine(line.id, time.time()) for line in strange])
    for names in _slices(_unknown_objects(disk, prefix, since), BATCH):
        found.aside += _put_aside(disk, names)
    disk.row.refresh_from_db()
    return found


def _marked(disk: MountedDisk) -> float | None:
    try:
        return float(json.loads(b"".join(disk.store.read(MARK)))["since"]) - LEEWAY
    except NotFound:
        return None
    except (ValueError, KeyError, TypeError):
        _log.error("The mark on %s is damaged; what was left there stays.", disk.path)
        return None


def _discard_pending(disk: MountedDisk) -> int:
    """Remove bytes that arrived before this process began and that nobody is writing."""
    count = 0
    for each in list(disk.store.pending()):
        if each.modified < _STARTED:
            with suppress(LaganError):
                disk.store.resume(each.name, size=0).discard()
                count += 1
    return count


def _unknown_lines(disk: MountedDisk, since: float) -> Iterator[FileLine]:
    """Lines since the mark that count and whose objects the catalogue does not have."""
    void = {each.id for each in disk.journal.entries() if isinstance(each, VoidLine)}
    recent = (
        each
        for each in disk.journal.entries()
        if isinstance(each, FileLine) and each.stored_at >= since and each.id not in void
    )
    for lines in _slices(recent, BATCH):
        known = _known(disk, [line.object for line in lines])
        yield from (line for line in lines if line.object not in known)


def _known(disk: MountedDisk, names: Sequence[str]) -> set[str]:
    rows = catalogue.on_disk(disk.id).filter(file_name__in=names)
    return set(rows.values_list("file_name", flat=True))


def _take_in(disk: MountedDisk, lines: Sequence[FileLine], by: Actor) -> tuple[int, list[FileLine]]:
    """Catalogue what is whole and in nobody's way; how many, and the lines that are not."""
    with catalogue.turn():
        catalogue.hold_ids({line.file_id for line in lines})
        proofs = _proofs(lines)
        fit = [line for line in lines if _is_whole(disk, line) and _is_free(disk, line, proofs)]
        if fit:
            rows = [row_of(line, disk.id) for line in fit]
            catalogue.add(rows, [proof_of(line, disk.id) for line in fit])
            names = [f"{each.file_id}/{each.file_version}" for each in rows]
            data = {"disk": disk.id, "why": "recovered after a kill", "files": names}
            audit.record(kind=Kind.NODE_STORED, by=by, data=data)
    return len(fit), [line for line in lines if line not in fit]


def _is_whole(disk: MountedDisk, line: FileLine) -> bool:
    try:
        return disk.store.stat(line.object).size == line.length
    except NotFound:
        return False


def _proofs(lines: Sequence[FileLine]) -> dict[tuple[str, int], list[Proof]]:
    found: dict[tuple[str, int], list[Proof]] = {}
    for each in Proof.objects.filter(file_id__in={line.file_id for line in lines}):
        found.setdefault((each.file_id, int(each.file_version)), []).append(each)
    return found


def _is_free(disk: MountedDisk, line: FileLine, proofs: dict[tuple[str, int], list[Proof]]) -> bool:
    """Whether the version is nobody's, or has this very content on other disks only."""
    there = proofs.get((line.file_id, line.version), [])
    return all(
        each.disk_id != disk.id and each.sha256 == line.digests.sha256 for each in there
    ) and (bool(there) or not _has_copies(line))


def _has_copies(line: FileLine) -> bool:
    return StoredFile.objects.filter(file_id=line.file_id, file_version=line.version).exists()


def _unknown_objects(disk: MountedDisk, prefix: str, since: float) -> Iterator[str]:
    """Objects that came since the mark, where archived files lie, and that the catalogue does not
    have."""
    beneath = prefix.strip("/")
    recent = (
        each.name
        for each in disk.store.list(f"{beneath}/" if beneath else "")
        if each.modified >= since and _DATED.fullmatch(each.name)
    )
    for names in _slices(recent, BATCH):
        known = _known(disk, names)
        yield from (name for name in names if name not in known)


def _put_aside(disk: MountedDisk, names: Iterable[str]) -> int:
    """Move objects to `bad-files`; how many were there."""
    folder, count = disk.path / BAD_FILES, 0
    with as_refusals(str(folder)):
        for above in make_folders(folder):
            sync_folder(above)
        for name in names:
            source = disk.path / name
            at = datetime.now(UTC)
            target = folder / f"BAD-FILE-{at:%Y%m%d}-{new_id().hex[-12:]}-{source.name}"
            with suppress(FileNotFoundError):
                move_in(source, target)
                sync_folder(source.parent)
                count += 1
        sync_folder(folder)
    return count


def _slices(items: Iterable[T], size: int) -> Iterator[list[T]]:
    source = iter(items)
    while some := list(islice(source, size)):
        yield some
