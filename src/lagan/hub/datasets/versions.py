"""The versions of a dataset's paths: listed, an old one made the newest again, a file taken off its
path."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.db.models import F
from django.utils import timezone

from lagan.hub.archive import queries as archive
from lagan.hub.archive import services as archive_services
from lagan.hub.archive.services import Renewed
from lagan.hub.audit import services as audit
from lagan.hub.audit.kinds import Kind
from lagan.hub.base import locks
from lagan.hub.base.actors import Actor
from lagan.hub.datasets.errors import NotOpen
from lagan.hub.datasets.keeping import removal
from lagan.hub.datasets.logbook import write_log
from lagan.hub.datasets.models import OPEN, Dataset, Entry, RemovedEntry
from lagan.hub.tree import queries as tree_queries
from lagan.hub.tree import services as tree
from lagan.kit.errors import BadInput, NotFound
from lagan.store.journal import NoteLine

MOST = 1000
"""Paths of one removal, and versions of one list."""


@dataclass(frozen=True, slots=True)
class Version:
    """One version of a path: its content, when (UTC) and by whom it was added, and which version
    it brought back, if it did."""

    version: int
    stored: UUID
    size: int
    sha256: str | None
    blake3: str | None
    crc32c: int
    crc32: int
    mtime_ns: int
    added: datetime
    by: str | None
    restored: int | None
    current: bool


@dataclass(frozen=True, slots=True)
class Removed:
    """A path without a current file, whose versions are still there."""

    path: str
    version: int
    removed: datetime
    by: str | None


def versions_of(dataset: int, path: str, *, version: int | None = None) -> list[Version]:
    """The versions of a path, newest first, at most 1,000; NotFound when there never was one.
    Asks no permission."""
    file_id, current = _file_id(dataset, path)
    rows = archive.versions(file_id, version=version, size=MOST)
    if not rows:
        raise NotFound(
            f"There is no version {version} of {path!r}.",
            dataset=dataset,
            path=path,
            version=version,
        )
    names = names_of({row.belongs.get("by") for row in rows})
    return [_version(row, row.version == current, names) for row in rows]


def removed_of(dataset: int, *, after: str, size: int) -> list[Removed]:
    """Paths taken off, by path, beginning behind `after`. Asks no permission."""
    rows = list(
        RemovedEntry.objects.filter(dataset=dataset, path__gt=after).order_by("path")[:size]
    )
    names = names_of({row.by for row in rows})
    return [Removed(row.path, row.version, row.removed_at, names.get(row.by or 0)) for row in rows]


def names_of(entities: set[int | None]) -> dict[int, str]:
    """The names that entities have now."""
    known = tree_queries.rows([each for each in entities if each is not None])
    return {id: row.name for id, row in known.items()}


def restore_version(*, by: Actor, dataset: int, path: str, version: int) -> Version:
    """Make an old version of a path the newest: a new version with the same content, of which no
    second copy is made. Where the path has that content already, nothing changes.

    Needs DATASET_CHANGE and an open dataset. NotFound without that version.
    """
    renewed: Renewed | None = None
    try:
        with locks.turn("catalogue"), transaction.atomic():
            row = _open(by, dataset)
            old = versions_of(dataset, path, version=version)[0]
            if not _is_there(dataset, path, old):
                renewed = _renew(by, row, path, old)
    except Exception:
        if renewed is not None:
            archive_services.take_back(renewed)
        raise
    return versions_of(dataset, path)[0]


def _is_there(dataset: int, path: str, old: Version) -> bool:
    rows = Entry.objects.filter(dataset=dataset, path=path, size=old.size)
    return old.current or (old.sha256 is not None and rows.filter(sha256=old.sha256).exists())


def remove_files(*, by: Actor, dataset: int, paths: Sequence[str]) -> int:
    """Take files off their paths; how many. Their versions stay in the archive and can be
    restored while the dataset is open.

    Needs DATASET_CHANGE and an open dataset. NotFound names the first path that has no file: then
    none is removed.
    """
    wanted = sorted(set(paths))
    if not 0 < len(wanted) <= MOST:
        raise BadInput(f"A removal names 1 to {MOST} paths.", field="paths")
    with locks.turn("catalogue"), transaction.atomic():
        row = _open(by, dataset)
        entries = list(Entry.objects.filter(dataset=row, path__in=wanted).order_by("path"))
        missing = sorted(set(wanted) - {each.path for each in entries})
        if missing:
            raise NotFound(
                f"The dataset has no file {missing[0]!r}.", dataset=dataset, path=missing[0]
            )
        _remove(by, row, entries)
    return len(wanted)


def _remove(by: Actor, row: Dataset, entries: Sequence[Entry]) -> None:
    now = timezone.now()
    gone = [
        RemovedEntry(
            dataset=row, path=each.path, file_id=each.file_id, version=each.version,
            removed_at=now, by=by.entity,
        )
        for each in entries
    ]  # fmt: skip
    RemovedEntry.objects.bulk_create(gone, batch_size=200)
    Entry.objects.filter(pk__in=[each.pk for each in entries]).delete()
    Dataset.objects.filter(pk=row.pk).update(file_count=F("file_count") - len(entries))
    paths = [each.path for each in entries]
    audit.record(
        kind=Kind.FILES_REMOVED, by=by, subject=row.pk, data={"count": len(paths), "paths": paths}
    )
    what = paths[0] if len(paths) == 1 else f"{len(paths)} files"
    write_log(dataset=row.pk, by=by, level="WARN", text=f"Removed {what}.")
    notes: list[NoteLine] = [removal(each) for each in gone]
    archive_services.note_beside(file_ids=[each.file_id for each in entries], notes=notes)


def _renew(by: Actor, row: Dataset, path: str, old: Version) -> Renewed:
    now = timezone.now()
    file_id, _ = _file_id(row.pk, path)
    newest = archive.versions(file_id, size=1)[0].version
    belongs = {
        "dataset": row.pk, "path": path, "mtime_ns": old.mtime_ns, "restored": old.version,
    }  # fmt: skip
    if by.entity is not None:
        belongs["by"] = by.entity
    renewed = archive_services.renew(file=old.stored, version=newest + 1, belongs=belongs, at=now)
    facts = {
        "stored_id": renewed.id, "version": newest + 1, "size": old.size, "sha256": old.sha256,
        "crc32": old.crc32, "mtime_ns": old.mtime_ns, "added_at": now,
    }  # fmt: skip
    if not Entry.objects.filter(dataset=row, path=path).update(**facts):
        Entry.objects.create(dataset=row, path=path, file_id=file_id, **facts)
        RemovedEntry.objects.filter(dataset=row, path=path).delete()
        Dataset.objects.filter(pk=row.pk).update(file_count=F("file_count") + 1)
    data = {"path": path, "version": newest + 1, "from": old.version, "file": renewed.id.hex}
    audit.record(kind=Kind.FILE_RESTORED, by=by, subject=row.pk, data=data)
    text = f"Restored version {old.version} of {path} as version {newest + 1}."
    write_log(dataset=row.pk, by=by, level="INFO", text=text)
    return renewed


def _open(by: Actor, dataset: int) -> Dataset:
    row = Dataset.objects.select_for_update(of=("self",)).filter(pk=dataset).first()
    tree.require(actor=by, permission="DATASET_CHANGE", entity=dataset)
    if row is None or row.state != OPEN:
        raise NotOpen(
            f"Dataset {dataset} is not open; its files stay as they are.", dataset=dataset
        )
    return row


def _file_id(dataset: int, path: str) -> tuple[str, int]:
    """The file id of a path, and its current version, 0 for none."""
    for rows, has_current in ((Entry.objects, True), (RemovedEntry.objects, False)):
        found = rows.filter(dataset=dataset, path=path).values_list("file_id", "version").first()
        if found is not None:
            return found[0], found[1] if has_current else 0
    raise NotFound(f"The dataset has no file {path!r}.", dataset=dataset, path=path)


def _version(row: archive.VersionRow, current: bool, names: dict[int, str]) -> Version:
    digests = row.digests
    return Version(
        version=row.version,
        stored=row.id,
        size=digests.size,
        sha256=digests.sha256,
        blake3=digests.blake3,
        crc32c=digests.crc32c,
        crc32=digests.crc32,
        mtime_ns=row.belongs.get("mtime_ns", 0),
        added=row.stored_at,
        by=names.get(row.belongs.get("by", 0)),
        restored=row.belongs.get("restored"),
        current=current,
    )
