"""A number for every path of a dataset that a program asks about, and what is known of the file
there. What is stored the dataset alone knows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from lagan.hub.base.actors import Actor
from lagan.hub.datasets import queries as datasets
from lagan.hub.datasets.queries import EntryRow
from lagan.hub.instruments.models import DataFile
from lagan.hub.instruments.rules import Announced, path_of
from lagan.hub.tree import queries as tree
from lagan.kit.errors import BadPath, LaganError, NotFound, NotSignedIn
from lagan.kit.paths import check_relative

MOST = 1000
"""Files of one answer."""


@dataclass(frozen=True, slots=True)
class FileRow:
    """A file as a program sees it. `verified`: it is stored, and was compared with what had been
    announced; `staged` is where it is awaited, beneath its uploader's folder."""

    id: int
    dataset: int
    path: str
    size: int
    md5: str
    mimetype: str
    created: str
    modified: str
    verified: bool
    stored_at: datetime | None
    announced_at: datetime
    staged: str
    uploader: int | None
    problem: str

    @property
    def directory(self) -> str:
        """The folders above it; empty at the top."""
        return self.path.rpartition("/")[0]

    @property
    def filename(self) -> str:
        """Its own name."""
        return self.path.rpartition("/")[2]


def files(
    by: Actor, *, dataset: int, filename: str | None = None, directory: str | None = None
) -> list[FileRow]:
    """The file of that name in that folder of the dataset, if there is one or one is announced; of
    the whole dataset the first ones by path, where no name is given. NotFound for a dataset that
    the actor neither reads nor changes."""
    require_known(by, dataset)
    if filename is None:
        return _first(by, dataset, directory)
    places = [directory] if directory is not None else _folders_with(dataset, filename)
    paths = [path for each in places if (path := _path(each, filename)) is not None]
    return at_paths(by, dataset, paths)


def file_at(by: Actor, id: int) -> FileRow:
    """The file of this number. NotFound."""
    row = DataFile.objects.filter(pk=id).first()
    if row is not None:
        require_known(by, row.dataset_id)
        found = at_paths(by, row.dataset_id, [row.path])
        if found:
            return found[0]
    raise NotFound(f"There is no file {id}.", file=id)


def require_known(by: Actor, dataset: int) -> None:
    """NotFound unless the actor may read or change the dataset."""
    path = tree.path_of_entity(dataset)
    known = ["DATASET_READ", "DATASET_CHANGE"]
    if path is None or not tree.holds_any(by, known, path):
        raise NotFound(f"There is no dataset {dataset}.", dataset=dataset)


def at_paths(by: Actor, dataset: int, paths: Sequence[str]) -> list[FileRow]:
    """What is known at these paths of a dataset whose visibility is settled. Files that came by
    another way get their numbers now; numbers of paths where nothing is any more are passed
    over."""
    entries = datasets.entries_at(dataset, paths)
    rows = {row.path: row for row in DataFile.objects.filter(dataset=dataset, path__in=paths)}
    told = []
    for path in paths:
        entry, row = entries.get(path), rows.get(path)
        if entry is not None:
            row = _in_step(row or _numbered(by, dataset, entry), entry)
        if row is not None and (entry is not None or row.staged):
            told.append(_told(row, entry))
    return told


def _path(directory: str, filename: str) -> str | None:
    """None for a name that no file here can have."""
    try:
        return check_relative(path_of(directory, filename))
    except BadPath:
        return None


def _folders_with(dataset: int, filename: str) -> list[str]:
    """Where files of that name were announced, when a program does not say in which folder."""
    rows = DataFile.objects.filter(dataset=dataset, path__endswith=filename)[:MOST]
    paths = [row.path for row in rows] + [filename]
    return sorted(
        {each.rpartition("/")[0] for each in paths if each.rpartition("/")[2] == filename}
    )


def _first(by: Actor, dataset: int, directory: str | None) -> list[FileRow]:
    found = []
    try:
        for each in datasets.entries(by, dataset, batch=MOST):
            if directory is None or each.path.rpartition("/")[0] == directory:
                found.append(each.path)
            if len(found) == MOST:
                break
    except LaganError:  # who may only change the dataset is told of what it announced itself
        found = list(DataFile.objects.filter(dataset=dataset).values_list("path", flat=True)[:MOST])
    return at_paths(by, dataset, found)


def _numbered(by: Actor, dataset: int, entry: EntryRow) -> DataFile:
    """A number for a file that came by another way."""
    facts = {"size": entry.size, "by_id": by.entity, "stored": entry.stored}
    times = {"stored_at": entry.added, "announced_at": entry.added}
    if by.entity is None:
        raise NotSignedIn("Sign in first.")
    row, _ = DataFile.objects.get_or_create(
        dataset_id=dataset, path=entry.path, defaults={**facts, **times}
    )
    return row


def _in_step(row: DataFile, entry: EntryRow) -> DataFile:
    """The row, after another file took the path by another way."""
    if row.stored == entry.stored:
        return row
    row.stored, row.stored_at, row.size, row.md5 = entry.stored, entry.added, entry.size, ""
    row.save(update_fields=["stored", "stored_at", "size", "md5"])
    return row


def _told(row: DataFile, entry: EntryRow | None) -> FileRow:
    return FileRow(
        row.pk, row.dataset_id, row.path, row.size, row.md5, row.mimetype, row.created_text,
        row.modified_text, entry is not None, row.stored_at if entry else None, row.announced_at,
        row.staged, row.uploader_id, row.problem,
    )  # fmt: skip


@transaction.atomic
def note_stored(*, by: Actor, announced: Announced, stored: UUID, md5: str) -> int:
    """Remember the number of a file that was stored, and what was announced of it."""
    now = timezone.now()
    facts = {
        "size": announced.size, "md5": md5, "mimetype": announced.mimetype[:200],
        "created_text": announced.created[:40], "modified_text": announced.modified[:40],
        "by_id": by.entity, "stored": stored, "stored_at": now, "staged": "", "problem": "",
        "instrument": datasets.computer_of(announced.dataset),
    }  # fmt: skip
    row, _ = DataFile.objects.update_or_create(
        dataset_id=announced.dataset,
        path=announced.path,
        defaults=facts,
        create_defaults={**facts, "announced_at": now},
    )
    return row.pk
