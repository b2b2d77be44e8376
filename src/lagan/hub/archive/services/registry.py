"""What upper rooms tell the archive at start-up: keys to keep, and how their rows go into snapshots
and come back."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from lagan.store.journal import FileLine, NoteLine

Row = Mapping[str, Any]
Export = Callable[[], Iterable[Row]]
Restore = Callable[[Iterator[Row]], None]
Adopt = Callable[[Sequence[FileLine | NoteLine]], None]
Describe = Callable[[Sequence[Mapping[str, Any]]], Sequence[NoteLine]]
KeepPending = Callable[[UUID], Collection[str]]


@dataclass(frozen=True, slots=True)
class Exporter:
    """One room's part of a snapshot."""

    name: str
    export: Export
    restore: Restore
    adopt: Adopt | None
    describe: Describe | None


_exporters: dict[str, Exporter] = {}
_keepers: list[KeepPending] = []


def register_exporter(
    name: str,
    export: Export,
    restore: Restore,
    adopt: Adopt | None = None,
    describe: Describe | None = None,
) -> None:
    """Put a room's rows into every snapshot. Called once at start-up, in `AppConfig.ready`.

    `export()` yields JSON-able mappings without secrets. `restore(rows)` puts those rows back into
    an empty
    database, in one go, inside the rebuild's transaction. `adopt(lines)`, if given, is called after
    all
    restores, also when there was no snapshot: first with every note of the journals, then with a
    line for
    every file of the catalogue, up to 2,000 at a time in the order of time. The `File` rows exist
    by then and
    a line's `id` is its file's. It takes in what the notes and the lines' `belongs` say and its own
    rows do
    not yet know, and is safe to repeat. `describe(belongs)`, if given, names the notes that must
    stand before
    lines with these `belongs` in any journal they are copied to.
    """
    _exporters[name] = Exporter(name, export, restore, adopt, describe)


def exporters() -> list[Exporter]:
    """All parts of a snapshot, in the order they were registered; they are restored in that
    order."""
    return list(_exporters.values())


def keep_pending(keeper: KeepPending) -> None:
    """Name keys that a sweep must keep: `keeper(volume id as text)` gives keys of unfinished
    uploads there."""
    if keeper not in _keepers:
        _keepers.append(keeper)


def kept_keys(volume: UUID) -> set[str]:
    """The keys of unpublished bytes on a volume that somebody still means to go on with."""
    return {key for keeper in _keepers for key in keeper(volume)}


def notes_before(belongs: Sequence[Mapping[str, Any]]) -> list[NoteLine]:
    """What must be noted in a journal before lines that say whose they are with these mappings."""
    describing = [each.describe for each in _exporters.values() if each.describe is not None]
    return [note for describe in describing for note in describe(belongs)]
