"""What an event's seal is, and what a break of the chain means; no database."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

BEGINNING = "0" * 64
"""What stands before the first event."""


@dataclass(frozen=True, slots=True)
class EventRow:
    """An event as it is read: `at` in UTC, `data` parsed."""

    sequence: int
    id: int
    at: datetime
    kind: str
    actor: str
    actor_entity: int | None
    subject: int | None
    data: Mapping[str, Any]
    result: str


@dataclass(frozen=True, slots=True)
class Sealed:
    """A sealed event, the seal before its own, and its own."""

    row: EventRow
    previous: str
    hash: str


class Harm(StrEnum):
    """What was done to the record."""

    ALTERED = "altered"
    REMOVED = "removed"
    INSERTED = "inserted"


@dataclass(frozen=True, slots=True)
class Break:
    """The first place where the record is not what was sealed. `event` is the id found there, if
    one is there."""

    harm: Harm
    sequence: int
    event: int | None


def canonical(value: Any) -> str:
    """JSON with sorted keys, no spaces, ASCII only: equal values give equal text. What JSON has no
    word for (times, ids, paths) becomes its text."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=True, default=str)


def digest(previous: str, row: EventRow) -> str:
    """The seal of `row` after the event whose seal is `previous`: SHA-256 in hex."""
    at = row.at.astimezone(UTC).isoformat(timespec="microseconds")
    content = [
        previous,
        row.sequence,
        row.id,
        at,
        row.kind,
        row.actor,
        row.actor_entity,
        row.subject,
        row.data,
        row.result,
    ]
    return hashlib.sha256(canonical(content).encode()).hexdigest()
