"""Datasets as their readers may see them: lists by key, files by folder, the log."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db.models import Count, Q, QuerySet, Sum
from django.utils import timezone

from lagan.hub.archive import queries as archive
from lagan.hub.base.actors import Actor
from lagan.hub.base.pages import Page, page_by_key
from lagan.hub.base.prepared import Prepared
from lagan.hub.datasets import folders
from lagan.hub.datasets.expiry import latest_date
from lagan.hub.datasets.folders import FolderItem, folder_page
from lagan.hub.datasets.kept import PATHS_A_QUERY
from lagan.hub.datasets.kept import Kept as Kept
from lagan.hub.datasets.kept import kept_at as kept_at
from lagan.hub.datasets.logbook import LEVELS, severity
from lagan.hub.datasets.models import REMOVED, Dataset, Entry, LogLine
from lagan.hub.datasets.search.asking import LARGEST_PAGE, Query
from lagan.hub.datasets.search.conditions import LONGEST_VALUE, condition
from lagan.hub.datasets.search.finding import find
from lagan.hub.datasets.search.keys import STATES
from lagan.hub.datasets.versions import Removed, Version, removed_of, versions_of
from lagan.hub.tree import queries as tree
from lagan.hub.tree import services as tree_services
from lagan.kit.errors import NotFound

__all__ = [
    "DamagedRow",
    "DatasetRow",
    "EntryRow",
    "FolderItem",
    "LogRow",
    "Removed",
    "Version",
    "damaged",
    "computer_of",
    "dataset",
    "entries",
    "entries_at",
    "entry",
    "entry_at",
    "folder",
    "group_used",
    "latest_date",
    "log",
    "in_group",
    "named",
    "of_computer",
    "of_computers",
    "of_owner",
    "neighbours",
    "removed",
    "sums_of_computers",
    "versions",
    "visible",
    "with_ids",
]


@dataclass(frozen=True, slots=True)
class DatasetRow:
    """A dataset as a list or a page shows it; `bytes` counts what was stored, older versions
    included."""

    id: int
    name: str
    state: str
    owner: str
    owner_id: int
    group: str
    group_id: int
    file_count: int
    bytes: int
    created: datetime
    closed: datetime | None
    type: str
    computer: str | None
    computer_id: int | None
    source_path: str
    acquire_job: int | None
    expires: datetime | None
    removed: datetime | None

    @property
    def due(self) -> bool:
        """Whether its expire date has passed while it is there."""
        return self.expires is not None and self.state != REMOVED and self.expires <= timezone.now()


@dataclass(frozen=True, slots=True)
class EntryRow:
    """One current file."""

    path: str
    stored: UUID
    version: int
    size: int
    sha256: str | None
    crc32: int
    mtime_ns: int
    added: datetime


@dataclass(frozen=True, slots=True)
class DamagedRow:
    """A current file with a copy that is not good, and the dataset it is in."""

    dataset: int
    name: str
    path: str
    stored: UUID


@dataclass(frozen=True, slots=True)
class LogRow:
    """One line of the log."""

    at: datetime
    level: str
    text: str
    by: str


def visible(
    actor: Actor,
    *,
    after: str | None = None,
    size: int = 50,
    text: str = "",
    state: str | None = None,
) -> Page[DatasetRow]:
    """The datasets that `actor` may read, newest first; `text` is part of the name; removed ones
    only on request. A page may hold fewer than `size`, though more follow: `next` says so."""
    where = [("system.dataset.status", "=", state)] if state in STATES else []
    if text:
        where.append(("system.dataset.name", "like", f"*{text[:LONGEST_VALUE]}*"))
    sought = Query(
        tuple(condition(*each) for each in where),
        removed=state == REMOVED,
        size=max(1, min(size, LARGEST_PAGE)),
    )
    found = find(actor, sought, after=after)
    return Page(with_ids(found.ids), found.next)


def with_ids(ids: Sequence[int]) -> list[DatasetRow]:
    """These datasets in this order. Asks no permission."""
    rows = {each.pk: each for each in _joined(Dataset.objects.filter(pk__in=ids))}
    return _dataset_rows([rows[each] for each in ids if each in rows])


def dataset(actor: Actor, id: int) -> DatasetRow:
    """One dataset that `actor` may read. NotFound when there is none or it is hidden."""
    tree_services.require(actor=actor, permission="DATASET_READ", entity=id)
    rows = _dataset_rows(list(_joined(Dataset.objects.filter(pk=id))))
    if not rows:
        raise NotFound(f"There is no dataset {id}.", dataset=id)
    return rows[0]


def folder(
    actor: Actor,
    id: int,
    *,
    folder: str = "",
    after: str | None = None,
    size: int = 200,
    start: str = "",
    text: str = "",
) -> Page[FolderItem]:
    """What lies directly in a folder of the dataset (`""` is the top): folders and files by name.

    `start` begins further down, `text` leaves names out (see `folders.folder_page`).
    """
    _readable(actor, id)
    folder = folder.strip("/")
    return folder_page(id, folder=folder, after=after, size=size, start=start, text=text)


def entry(actor: Actor, id: int, path: str, version: int | None = None) -> EntryRow:
    """The current file at a path, or another version of it. NotFound."""
    _readable(actor, id)
    if version is not None:
        found = versions_of(id, path, version=version)[0]
        return EntryRow(
            path, found.stored, version, found.size, found.sha256, found.crc32, found.mtime_ns,
            found.added,
        )  # fmt: skip
    row = next(_entry_rows(Entry.objects.filter(dataset=id, path=path)), None)
    if row is None:
        raise NotFound(f"The dataset has no file {path!r}.", dataset=id, path=path)
    return row


def versions(actor: Actor, id: int, path: str) -> list[Version]:
    """All versions of a path, newest first, also of one whose file was removed. NotFound."""
    _readable(actor, id)
    return versions_of(id, path)


def removed(actor: Actor, id: int, *, after: str = "", size: int = 100) -> Page[Removed]:
    """Paths of the dataset whose files were removed, by path; `next` is the last path."""
    _readable(actor, id)
    rows = removed_of(id, after=after, size=size + 1)
    return Page(rows[:size], rows[size - 1].path if len(rows) > size else None)


def neighbours(actor: Actor, id: int, path: str) -> tuple[str | None, str | None]:
    """The paths of the files before and after a path in its folder, by name."""
    _readable(actor, id)
    return folders.neighbours(id, path)


def entries(actor: Actor, id: int, *, after: str = "", batch: int = 2000) -> Iterator[EntryRow]:
    """All current files by path, read in batches by key so that a million cost no memory."""
    _readable(actor, id)
    while True:
        rows = list(
            _entry_rows(Entry.objects.filter(dataset=id, path__gt=after).order_by("path")[:batch])
        )
        yield from rows
        if len(rows) < batch:
            return
        after = rows[-1].path


def entries_at(id: int, paths: Sequence[str]) -> dict[str, EntryRow]:
    """The current files at some paths of a dataset whose visibility the caller has settled;
    missing ones are absent."""
    found: dict[str, EntryRow] = {}
    for start in range(0, len(paths), PATHS_A_QUERY):
        some = paths[start : start + PATHS_A_QUERY]
        found.update(
            (row.path, row) for row in _entry_rows(Entry.objects.filter(dataset=id, path__in=some))
        )
    return found


def entry_at(id: int, path: str) -> EntryRow | None:
    """The same of one path, as every download asks."""
    return next((EntryRow(*values) for values in _ENTRY.rows(id, path)), None)


def of_computer(actor: Actor, computer: int, *, size: int = 10) -> list[DatasetRow]:
    """The newest datasets from a computer that `actor` may read; removed ones do not count."""
    readable = tree.within(tree.allowed(actor, "DATASET_READ"), "entity__path")
    rows = Dataset.objects.filter(readable, computer=computer).exclude(state=REMOVED)
    return _dataset_rows(list(_joined(rows).order_by("-entity_id")[:size]))


def computer_of(id: int) -> int | None:
    """The computer that a dataset comes from, if any. Asks no permission."""
    return Dataset.objects.filter(pk=id).values_list("computer", flat=True).first()


def sums_of_computers(computers: Sequence[int]) -> dict[int, tuple[int, int, int]]:
    """How many datasets came from each computer, with their files and bytes; removed ones do not
    count. Asks no permission."""
    rows = Dataset.objects.filter(computer__in=computers).exclude(state=REMOVED).order_by()
    sums = rows.values_list("computer").annotate(Count("pk"), Sum("file_count"), Sum("bytes"))
    return {computer: (count, files, size) for computer, count, files, size in sums}


def group_used(*, computer: int, owner: int, parent: int, words: str) -> str | None:
    """The name of the group in `parent`, with these words in it, that holds the owner's newest
    dataset from the computer."""
    rows = Dataset.objects.filter(computer=computer, owner=owner, entity__parent__parent=parent)
    rows = rows.filter(entity__parent__name__contains=words).exclude(state=REMOVED)
    return rows.order_by("-entity_id").values_list("entity__parent__name", flat=True).first()


def of_owner(owner: int, *, size: int = 20) -> list[DatasetRow]:
    """The newest datasets of an owner, for the owner."""
    rows = Dataset.objects.filter(owner=owner).exclude(state=REMOVED)
    return _dataset_rows(list(_joined(rows).order_by("-entity_id")[:size]))


def of_computers(actor: Actor, computers: Sequence[int], *, size: int = 10) -> list[DatasetRow]:
    """The newest datasets from any of some computers; otherwise as `of_computer`."""
    readable = tree.within(tree.allowed(actor, "DATASET_READ"), "entity__path")
    rows = Dataset.objects.filter(readable, computer__in=computers).exclude(state=REMOVED)
    return _dataset_rows(list(_joined(rows).order_by("-entity_id")[:size]))


def named(group: int, name: str, *, owner: int, computer: int) -> DatasetRow | None:
    """An owner's dataset of that name from one computer in a group, the newest; removed ones do
    not count. Asks no permission: for rooms that act for somebody."""
    rows = Dataset.objects.filter(
        entity__parent=group, entity__name=name, owner=owner, computer=computer
    )
    rows = rows.exclude(state=REMOVED).order_by("-pk")[:1]
    return next(iter(_dataset_rows(list(_joined(rows)))), None)


def in_group(
    actor: Actor,
    group: int,
    *,
    names: Sequence[str] = (),
    ids: Sequence[int] = (),
    computer: int | None = None,
    size: int = 1000,
) -> list[DatasetRow]:
    """Datasets directly in a group with one of these names or ids, all of them without either,
    oldest first, that `actor` may read or change; removed ones do not count."""
    known = tree.within(tree.allowed_any(actor, ["DATASET_READ", "DATASET_CHANGE"]), "entity__path")
    rows = Dataset.objects.filter(known, entity__parent=group).exclude(state=REMOVED)
    if names or ids:
        rows = rows.filter(Q(entity__name__in=names) | Q(pk__in=ids))
    if computer is not None:
        rows = rows.filter(computer=computer)
    return _dataset_rows(list(_joined(rows).order_by("pk")[:size]))


def log(
    actor: Actor, id: int, *, level: str = "INFO", after: str | None = None, size: int = 100
) -> Page[LogRow]:
    """The dataset's log from `level` on (DEBUG shows all), newest first; needs DATASET_LOG_READ.
    BadInput for a word that is no level."""
    tree_services.require(actor=actor, permission="DATASET_LOG_READ", entity=id)
    rows = LogLine.objects.filter(dataset=id)
    if least := severity(level):
        rows = rows.filter(level__in=LEVELS[least:])
    page = page_by_key(rows, keys=("-id",), after=after, size=size)
    return Page([LogRow(each.at, each.level, each.text, each.by) for each in page.items], page.next)


def damaged(actor: Actor, *, after: str | None = None, size: int = 50) -> Page[DamagedRow]:
    """Current files with a copy that is not good, in datasets that `actor` may read, newest
    first."""
    readable = tree.within(tree.allowed(actor, "DATASET_READ"), "dataset__entity__path")
    rows = Entry.objects.filter(readable, stored__in=archive.damaged_files())
    rows = rows.exclude(dataset__state=REMOVED).select_related("dataset__entity")
    page = page_by_key(rows, keys=("-id",), after=after, size=size)
    return Page([_damaged_row(each) for each in page.items], page.next)


def _damaged_row(entry: Entry) -> DamagedRow:
    return DamagedRow(entry.dataset_id, entry.dataset.entity.name, entry.path, entry.stored_id)


def _readable(actor: Actor, id: int) -> None:
    tree_services.require(actor=actor, permission="DATASET_READ", entity=id)
    if not Dataset.objects.filter(pk=id).exclude(state=REMOVED).exists():
        raise NotFound(f"Dataset {id} was removed.", dataset=id)


def _joined(rows: QuerySet[Dataset]) -> QuerySet[Dataset]:
    return rows.select_related("entity", "owner", "computer")


def _dataset_rows(rows: list[Dataset]) -> list[DatasetRow]:
    groups = tree.full_path({each.entity.parent_id for each in rows})
    return [
        DatasetRow(
            id=each.pk,
            name=each.entity.name,
            state=each.state,
            owner=each.owner.name,
            owner_id=each.owner_id,
            group=groups[each.entity.parent_id],
            group_id=each.entity.parent_id,
            file_count=each.file_count,
            bytes=each.bytes,
            created=each.created_at,
            closed=each.closed_at,
            type=each.type,
            computer=each.computer.name if each.computer else None,
            computer_id=each.computer_id,
            source_path=each.source_path,
            acquire_job=each.acquire_job,
            expires=each.expires_at,
            removed=each.removed_at,
        )
        for each in rows
    ]


def _entry_rows(rows: QuerySet[Entry]) -> Iterator[EntryRow]:
    return (EntryRow(*values) for values in rows.values_list(*_ENTRY_COLUMNS))


_ENTRY_COLUMNS = (
    *("path", "stored_id", "version", "size", "sha256", "crc32", "mtime_ns", "added_at"),
)
_ENTRY = Prepared(
    lambda id, path: Entry.objects.filter(dataset=id, path=path).values_list(*_ENTRY_COLUMNS),
    *(1234567, "path"),
)
