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
from lagan.hub.packages.models import Package
from lagan.hub.packages.rules import words_of
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
        Kind.PACKAGE_CHANGED,
        Kind.PACKAGE_FOLLOWED,
        Kind.PACKAGE_REMOVED,
    }
)
"""What journals are told of; looks and downloads change nothing of what a package is."""
_PLAIN = (
    *("name", "file_name", "size", "checksum", "sha256", "version", "next_version_id", "status"),
    *("user_metadata", "previous_metadata", "facts", "created_by_id"),
)
_MOMENTS = ("created_at", "changed_at", "checked_at", "removed_at")


def notes(packages: Collection[int]) -> list[NoteLine]:
    """What a reader without the database must know of these packages."""
    now = timezone.now()
    rows = Package.objects.filter(pk__in=packages).order_by("pk")
    return [NoteLine(NOTE, _described(row, now), now.timestamp()) for row in rows]


def keep_notes(events: Sequence[EventRow]) -> None:
    """Tell every volume's journal what became of the packages of these events."""
    archive.note_everywhere(notes=notes({each.subject for each in events if each.subject}))


def describe(belongs: Sequence[Mapping[str, Any]]) -> list[NoteLine]:
    """The notes that stand before lines of files with these `belongs`, in any journal."""
    return notes({each["dataset"] for each in belongs if "dataset" in each})


def adopt(lines: Sequence[FileLine | NoteLine]) -> None:
    """Take in what the journals know of packages and the database does not. Safe to repeat."""
    newest: dict[int, Mapping[str, Any]] = {}
    for line in lines:
        if isinstance(line, NoteLine) and line.kind == NOTE:
            known = newest.get(line.data["id"])
            if known is None or known["told"] <= line.data["told"]:
                newest[line.data["id"]] = line.data
    there = {each.id for each in datasets.with_ids(sorted(newest))}
    known_ones = set(Package.objects.filter(pk__in=newest).values_list("pk", flat=True))
    fresh = [newest[each] for each in sorted(there - known_ones)]
    people = tree.rows([each["created_by_id"] for each in fresh if each["created_by_id"]])
    Package.objects.bulk_create(_row(each, people) for each in fresh)
    _follow(fresh)


def _follow(fresh: Iterable[Mapping[str, Any]]) -> None:
    """Which comes after which, when both are there."""
    pairs = {each["id"]: each["next_version_id"] for each in fresh if each["next_version_id"]}
    there = set(Package.objects.filter(pk__in=pairs.values()).values_list("pk", flat=True))
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
    moments = {
        name: datetime.fromisoformat(data[name]) if data[name] else None for name in _MOMENTS
    }
    return Package(
        dataset_id=data["id"], stored=UUID(data["stored"]) if data["stored"] else None,
        words=words_of(data["user_metadata"]), **plain, **moments,
    )  # fmt: skip
