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


LEVELS = (80, 90)
"""Percent of a quota at which its group is warned, unless others are set."""


def levels_of(text: str) -> tuple[int, ...]:
    """Warning levels as they are stored: `80,90`."""
    return tuple(int(each) for each in text.split(",") if each)


def level_reached(levels: tuple[int, ...], *amounts: tuple[int, int | None]) -> int:
    """The highest level (percent; 100 when it is full) that any of the amounts, `(used, allowed)`,
    has reached; 0 for none. Whole numbers: nothing is rounded up to a warning."""
    reached = 0
    for used, allowed in amounts:
        if allowed is None:
            continue
        for level in (*levels, 100):
            if used * 100 >= level * allowed and used > 0:
                reached = max(reached, level)
    return reached
