"""Packages outlive the database: what volume journals say of them, and how they come back from
it."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from django.utils import timezone

from lagan.hub.archive import services as archive
from lagan.hub.audit.kinds import Kind
from lagan.hub.audit.rules import EventRow
from lagan.hub.datasets import queries as datasets
from lagan.hub.datasets.keeping import notes as dataset_notes
from lagan.hub.packages.models import Package
from lagan.hub.packages.rules import REFUSED, Status, is_called, words_of
from lagan.hub.packages.updating import rename
from lagan.hub.tree import queries as tree
from lagan.store.journal import FileLine, NoteLine

NOTE = "package"
"""The kind of a journal's notes about packages."""
TOLD = frozenset(
    {
        Kind.PACKAGE_BEGUN,
        Kind.PACKAGE_FAILED,
        Kind.PACKAGE_JUDGED,
        Kind.PACKAGE_STORED,
        Kind.PACKAGE_CHECKED,
        Kind.PACKAGE_CHANGED,
        Kind.PACKAGE_FOLLOWED,
        Kind.PACKAGE_REMOVED,
    }
)
"""What journals are told of; downloads, and looks that found what was known, change nothing of what
a package is."""
_PLAIN = (
    *("name", "file_name", "size", "checksum", "sha256", "version", "next_version_id", "status"),
    *("user_metadata", "previous_metadata", "facts", "created_by_id"),
)
_MOMENTS = ("created_at", "changed_at", "checked_at", "removed_at", "touched_at")
_SAID = ("stored", "words", *(name for name in _PLAIN if not name.endswith("_id")), "created_by")
_OF_DOWNLOADS = frozenset(
    {Status.DOWNLOAD_PREPARING, Status.DOWNLOAD_READY, Status.DOWNLOAD_FAILED}
)
"""What was asked for is asked for again: whoever prepared it is gone with the database."""


def notes(packages: Collection[int]) -> list[NoteLine]:
    """What a reader without the database must know of these packages."""
    now = timezone.now()
    rows = Package.objects.filter(pk__in=packages).order_by("pk")
    return [NoteLine(NOTE, _described(row, now), now.timestamp()) for row in rows]


def keep_notes(events: Sequence[EventRow]) -> None:
    """Tell every volume's journal what became of the packages of these events, and of the datasets
    that they are: one without a file stands in no line."""
    told = {each.subject for each in events if each.subject and _changed(each)}
    archive.note_everywhere(notes=[*dataset_notes(told), *notes(told)])


def _changed(event: EventRow) -> bool:
    if event.kind != Kind.PACKAGE_CHECKED:
        return True
    return event.result != "done" or bool(event.data.get("recovered"))


def describe(belongs: Sequence[Mapping[str, Any]]) -> list[NoteLine]:
    """The notes that stand before lines of files with these `belongs`, in any journal."""
    return notes({each["dataset"] for each in belongs if "dataset" in each})


def adopt(lines: Sequence[FileLine | NoteLine]) -> None:
    """Take in what the journals know of packages and the database does not, or knew earlier only.
    Safe to repeat."""
    # A snapshot may know of downloads that nobody prepares any more.
    Package.objects.filter(status=Status.DOWNLOAD_PREPARING).update(status=Status.CHECKSUM_OK)
    newest: dict[int, Mapping[str, Any]] = {}
    for line in lines:
        if isinstance(line, NoteLine) and line.kind == NOTE:
            known = newest.get(line.data["id"])
            if known is None or known["told"] <= line.data["told"]:
                newest[line.data["id"]] = line.data
    there = {each.id for each in datasets.with_ids(sorted(newest))}
    touched = dict(Package.objects.filter(pk__in=newest).values_list("pk", "touched_at"))
    news = [newest[each] for each in sorted(there) if _is_news(newest[each], each, touched)]
    people = tree.rows([each["created_by_id"] for each in news if each["created_by_id"]])
    rows = [_row(each, people) for each in news]
    Package.objects.bulk_create([each for each in rows if each.pk not in touched])
    Package.objects.bulk_update(
        [each for each in rows if each.pk in touched], [*_SAID, *_MOMENTS], batch_size=200
    )
    _follow(news)
    entities = tree.rows([each.pk for each in rows])
    for each in rows:
        if not is_called(entities[each.pk].name, each.name):
            rename(each)


def _is_news(data: Mapping[str, Any], package: int, touched: Mapping[int, datetime | None]) -> bool:
    """Whether the database has no such package, or has an earlier state of it."""
    if package not in touched:
        return True
    known, told = touched[package], data.get("touched_at")
    return told is not None and (known is None or known < datetime.fromisoformat(told))


def _follow(news: Iterable[Mapping[str, Any]]) -> None:
    """Which comes after which, when both are there. One that was refused follows nothing: what was
    written before its verdict named it."""
    pairs = {each["id"]: each["next_version_id"] for each in news if each["next_version_id"]}
    taken = Package.objects.filter(pk__in=pairs.values()).exclude(status__in=REFUSED)
    there = set(taken.values_list("pk", flat=True))
    for package, following in pairs.items():
        if following in there:
            Package.objects.filter(pk=package).update(next_version=following)


def _described(row: Package, now: datetime) -> dict[str, Any]:
    plain = {name: getattr(row, name) for name in _PLAIN}
    moments = {name: moment and moment.isoformat() for name, moment in _moments(row)}
    stored = row.stored.hex if row.stored else None
    return {"id": row.pk, **plain, **moments, "stored": stored, "told": now.isoformat()}


def _moments(row: Package) -> list[tuple[str, datetime | None]]:
    return [(name, getattr(row, name)) for name in _MOMENTS]


def _row(data: Mapping[str, Any], people: Collection[int]) -> Package:
    plain = {name: data[name] for name in _PLAIN if name != "next_version_id"}
    if plain["created_by_id"] not in people:
        plain["created_by_id"] = None
    if plain["status"] in _OF_DOWNLOADS:
        plain["status"] = Status.CHECKSUM_OK
    moments = {
        name: datetime.fromisoformat(data[name]) if data.get(name) else None for name in _MOMENTS
    }
    return Package(
        dataset_id=data["id"], stored=UUID(data["stored"]) if data["stored"] else None,
        words=words_of(data["user_metadata"]), **plain, **moments,
    )  # fmt: skip
