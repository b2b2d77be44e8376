"""Datasets outlive the database: what volume journals say of them, and how they come back from
it."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from django.db.models import F
from django.utils import timezone

from lagan.hub.accounts import services as accounts
from lagan.hub.archive import queries as archive_queries
from lagan.hub.archive import services as archive
from lagan.hub.audit.rules import EventRow
from lagan.hub.base import bulk
from lagan.hub.base.actors import SYSTEM
from lagan.hub.datasets.models import (
    CLOSED,
    MANUAL,
    OPEN,
    REMOVED,
    Dataset,
    Entry,
    RemovedEntry,
)
from lagan.hub.tree import queries as tree_queries
from lagan.hub.tree import services as tree
from lagan.hub.tree.permissions import DATASET_CREATOR
from lagan.kit.errors import LaganError
from lagan.store.journal import FileLine, NoteLine

NOTE = "dataset"
"""The kind of a journal's notes about datasets."""
REMOVAL = "dataset-entry-removed"
"""The kind of notes about files that were taken off their paths."""

_COLUMNS = (
    *("dataset", "path", "stored", "file_id", "version"),
    *("size", "sha256", "crc32", "mtime_ns", "added_at"),
)


def notes(datasets: Collection[int]) -> list[NoteLine]:
    """What a reader without the database must know of these datasets: names, owner, and the line of
    entities down to each."""
    now = timezone.now().timestamp()
    rows = Dataset.objects.filter(pk__in=datasets).select_related("entity", "owner__user")
    return [NoteLine(NOTE, _described(row), now) for row in rows.order_by("pk")]


def keep_states(events: Sequence[EventRow]) -> None:
    """Tell every volume's journal what became of the datasets of these events: without it a closed
    one would come back open from the volumes alone."""
    told = {each.subject: each.at.isoformat() for each in events if each.subject is not None}
    now = timezone.now().timestamp()
    # With its time: a state that comes back is news, and not the same note once more.
    lines = [
        NoteLine(NOTE, {**each.data, "told": told[each.data["id"]]}, now) for each in notes(told)
    ]
    if lines:
        _append_everywhere(lines)


def _append_everywhere(lines: Sequence[NoteLine]) -> None:
    """To the journals of all online volumes; one that fails is passed over while another holds
    the notes. What failed on all of them is raised."""
    online = [each.id for each in archive_queries.volumes() if each.state == "online"]
    failed = []
    for volume in online:
        try:
            archive.journal(volume).append(lines)
        except LaganError as error:
            failed.append(error)
    if failed and len(failed) == len(online):
        raise failed[0]


def describe(belongs: Sequence[Mapping[str, Any]]) -> list[NoteLine]:
    """The notes that stand before lines of files with these `belongs`, in any journal: without
    those of removed paths, a copy's journal alone would bring the files back."""
    datasets = {each["dataset"] for each in belongs if "dataset" in each}
    return [*notes(datasets), *_removals(belongs, datasets)]


def removal(row: RemovedEntry) -> NoteLine:
    """What a reader without the database must know of a path that has no file any more."""
    data = {
        "dataset": row.dataset_id,
        "path": row.path,
        "file_id": row.file_id,
        "version": row.version,
        "removed": row.removed_at.isoformat(),
        "by": row.by,
    }
    return NoteLine(REMOVAL, data, timezone.now().timestamp())


def _removals(belongs: Sequence[Mapping[str, Any]], datasets: Collection[int]) -> list[NoteLine]:
    having = RemovedEntry.objects.filter(dataset__in=datasets).values_list("dataset", flat=True)
    found: list[NoteLine] = []
    for dataset in set(having.distinct()):
        paths = sorted({each["path"] for each in belongs if each.get("dataset") == dataset})
        for start in range(0, len(paths), 900):
            some = paths[start : start + 900]
            rows = RemovedEntry.objects.filter(dataset=dataset, path__in=some)
            found += [removal(row) for row in rows]
    return found


def adopt(lines: Sequence[FileLine | NoteLine]) -> None:
    """Take in what the journals know of datasets and the database does not. Safe to repeat."""
    told = [line for line in lines if isinstance(line, NoteLine) and line.kind == NOTE]
    # Where it lies, and under which name, is as it was told last: another may have its first name.
    places = {each.data["id"]: each.data["line"] for each in told}
    for each in told:
        data = {**each.data, "line": places[each.data["id"]]}
        _adopt_dataset(data, datetime.fromtimestamp(each.at, UTC))
    for line in lines:
        if isinstance(line, NoteLine) and line.kind == REMOVAL:
            _adopt_removal(line.data)
    _adopt_files([each for each in lines if isinstance(each, FileLine)])


def _described(row: Dataset) -> dict[str, Any]:
    return {
        "id": row.pk,
        "name": row.entity.name,
        "created": row.created_at.isoformat(),
        "line": _line_of(row.entity_id),
        "owner": row.owner.name,
        "owner_name": row.owner.user.full_name if row.owner.type == "USER" else "",
        "owner_line": _line_of(row.owner_id),
        "owner_type": row.owner.type,
        "type": row.type,
        "source_path": row.source_path,
        "computer_line": _line_of(row.computer_id) if row.computer_id else None,
        "state": row.state,
        **{name: moment.isoformat() if moment else None for name, moment in _moments(row)},
    }


def _moments(row: Dataset) -> list[tuple[str, datetime | None]]:
    return [
        ("closed_at", row.closed_at),
        ("removed_at", row.removed_at),
        ("expires_at", row.expires_at),
    ]


def _line_of(entity: int) -> list[list[Any]]:
    """Ids and names from the root down to the entity."""
    found = tree_queries.rows([entity])[entity]
    ids = tree_queries.ancestry(found.path)
    rows = tree_queries.rows(ids)
    return [[each, rows[each].name] for each in ids]


def _adopt_dataset(data: Mapping[str, Any], told: datetime) -> None:
    """Notes come in the order of their times: each says what had become of the dataset by then."""
    known = Dataset.objects.filter(pk=data["id"]).first()
    if known is not None:
        _advance(known, data, told)
        return
    _restore_line(data["owner_line"], data["owner_type"])
    owner = data["owner_line"][-1][0]
    if data["owner_type"] == "USER":
        accounts.restore_user(entity=owner, username=data["owner"], full_name=data["owner_name"])
    _restore_line(data["line"], "DATASET")
    created = datetime.fromisoformat(data["created"])
    computer = data.get("computer_line")
    if computer:
        _restore_line(computer, "COMPUTER")
    Dataset.objects.create(
        pk=data["id"],
        owner_id=owner,
        created_at=created,
        type=data.get("type", MANUAL),
        source_path=data.get("source_path", ""),
        computer_id=computer[-1][0] if computer else None,
        **_life(data),
    )
    tree.set_grants(by=SYSTEM, subject=owner, object=data["id"], grant=DATASET_CREATOR)
    tree.set_grants(by=SYSTEM, subject=owner, object=data["line"][-2][0], grant={"GROUP_READ"})


def _advance(row: Dataset, data: Mapping[str, Any], told: datetime) -> None:
    """Take over the state that the note tells, unless the row's own last change came later."""
    changes = (row.created_at, row.closed_at, row.removed_at)
    if "state" in data and told > max(each for each in changes if each):
        Dataset.objects.filter(pk=row.pk).update(**_life(data))


def _life(data: Mapping[str, Any]) -> dict[str, Any]:
    """Columns of the state; notes of older versions tell none."""
    moments = {
        name: datetime.fromisoformat(data[name]) if data.get(name) else None
        for name in ("closed_at", "removed_at", "expires_at")
    }
    state = data.get("state", OPEN)
    before = CLOSED if moments["closed_at"] else OPEN
    return {"state": state, "removed_from": before if state == REMOVED else "", **moments}


def _adopt_removal(data: Mapping[str, Any]) -> None:
    """The newest removal of a path counts, unless the path has a newer file again."""
    key = {"dataset_id": data["dataset"], "path": data["path"]}
    entry = Entry.objects.filter(**key).first()
    known = RemovedEntry.objects.filter(**key).first()
    if not Dataset.objects.filter(pk=data["dataset"]).exists():
        return
    if entry is not None and (entry.file_id != data["file_id"] or entry.version > data["version"]):
        return
    if known is not None and known.version >= data["version"]:
        return
    if entry is not None:
        entry.delete()
        rows = Dataset.objects.filter(pk=data["dataset"])
        rows.update(file_count=F("file_count") - 1)
    facts = {
        "file_id": data["file_id"],
        "version": data["version"],
        "removed_at": datetime.fromisoformat(data["removed"]),
        "by": data["by"],
    }
    RemovedEntry.objects.update_or_create(**key, defaults=facts)


def _restore_line(line: Sequence[Sequence[Any]], kind: str) -> None:
    parents = [line[0][0], *(each[0] for each in line[:-1])]
    kinds = ["GROUP"] * (len(line) - 1) + [kind]
    rows = zip(line, kinds, parents, strict=True)
    tree.restore_entities([(id, kind, name, parent) for (id, name), kind, parent in rows])


def _adopt_files(lines: Sequence[FileLine]) -> None:
    newest: dict[tuple[int, str], FileLine] = {}
    for line in lines:
        if "dataset" in line.belongs and "path" in line.belongs:
            key = line.belongs["dataset"], line.belongs["path"]
            if key not in newest or newest[key].version < line.version:
                newest[key] = line
    present = _present(newest)
    newest = {key: line for key, line in newest.items() if key[0] in present}
    known = _versions(newest)
    removed = _versions(newest, RemovedEntry)
    newest = {key: line for key, line in newest.items() if removed.get(key, 0) < line.version}
    fresh = {key: line for key, line in newest.items() if known.get(key, 0) < line.version}
    older = [key for key in fresh if key in known]
    for dataset, path in older:
        Entry.objects.filter(dataset=dataset, path=path).delete()
    for dataset, path in fresh.keys() & removed.keys():
        RemovedEntry.objects.filter(dataset=dataset, path=path).delete()
    bulk.insert(Entry, [_values(*key, line) for key, line in fresh.items()], _COLUMNS)
    _count(fresh, lines, known, {**known, **removed})


def _present(keys: Iterable[tuple[int, str]]) -> frozenset[int]:
    """Datasets that are there: a file whose dataset no readable note describes stays in the archive
    without one, and the rebuild goes on."""
    datasets = {dataset for dataset, _ in keys}
    return frozenset(Dataset.objects.filter(pk__in=datasets).values_list("pk", flat=True))


def _versions(
    keys: Iterable[tuple[int, str]], table: type[Entry] | type[RemovedEntry] = Entry
) -> dict[tuple[int, str], int]:
    paths: dict[int, list[str]] = {}
    for dataset, path in keys:
        paths.setdefault(dataset, []).append(path)
    found: dict[tuple[int, str], int] = {}
    for dataset, wanted in paths.items():
        for start in range(0, len(wanted), 900):
            rows = table.objects.filter(dataset=dataset, path__in=wanted[start : start + 900])
            found.update(((dataset, path), n) for path, n in rows.values_list("path", "version"))
    return found


def _values(dataset: int, path: str, line: FileLine) -> tuple[Any, ...]:
    digests, added = line.digests, datetime.fromtimestamp(line.stored_at, UTC)
    return (
        *(dataset, path, line.id, line.file_id, line.version),
        *(digests.size, digests.sha256, digests.crc32, line.belongs["mtime_ns"], added),
    )


def _count(
    fresh: Mapping[tuple[int, str], FileLine],
    lines: Sequence[FileLine],
    known: Mapping[tuple[int, str], int],
    counted: Mapping[tuple[int, str], int],
) -> None:
    for dataset in {dataset for dataset, _ in fresh}:
        files = sum(1 for key in fresh if key[0] == dataset and key not in known)
        size = sum(
            line.digests.size
            for line in lines
            if line.belongs.get("dataset") == dataset
            and "restored" not in line.belongs  # its bytes were counted when they came
            and line.version > counted.get((dataset, line.belongs["path"]), 0)
        )
        rows = Dataset.objects.filter(pk=dataset)
        rows.update(file_count=F("file_count") + files, bytes=F("bytes") + size)
