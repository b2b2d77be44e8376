"""What a dataset may do in which state, and what becomes of a file that arrives for a path; no
database."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal
from uuid import UUID

from lagan.hub.datasets.models import CLOSED, EXPIRED, OPEN, REMOVED

NEXT_STATES: Mapping[str, frozenset[str]] = {
    OPEN: frozenset({CLOSED, REMOVED}),
    CLOSED: frozenset({EXPIRED, REMOVED}),
    EXPIRED: frozenset({REMOVED}),
    REMOVED: frozenset(),
}


@dataclass(frozen=True, slots=True)
class Current:
    """The file that a path has now."""

    entry: int
    stored: UUID
    file_id: str
    version: int
    size: int
    sha256: str | None
    removed: bool = False
    """It was taken off the path; the next one goes on with its file id."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where an arriving file goes: `present` needs no second copy, else it is `version` of
    `file_id`."""

    kind: Literal["new", "version", "present"]
    file_id: str
    version: int


def place(current: Current | None, *, new_id: UUID, size: int, sha256: str | None) -> Place:
    """Decide for one arriving file. The same content again is present; other content is the next
    version."""
    if current is None:
        return Place("new", new_id.hex, 1)
    if current.removed:
        return Place("new", current.file_id, current.version + 1)
    if sha256 is not None and sha256 == current.sha256 and size == current.size:
        return Place("present", current.file_id, current.version)
    return Place("version", current.file_id, current.version + 1)
