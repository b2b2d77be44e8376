"""The bulk question "which of these files do you have?" and what its answer means
(docs/internals/ingest-api.md)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum
from typing import Any

from lagan.kit.errors import Unavailable

MOST_FILES = 10_000
"""Files that one look-up may ask for, over all datasets in it."""

Name = tuple[str, int, int]
"""A file as it is asked for: relative path, bytes, modification time in nanoseconds since the
epoch."""


class State(IntEnum):
    """What the hub knows of a file."""

    ABSENT = 0
    SAME = 1
    OTHER_TIME = 2
    OTHER_SIZE = 3
    VERIFIED = 4
    REFUSED_NAME = 5
    UNVERIFIED = 6
    """There, but not proven; only servers that are no hub of ours leave it at that."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """Files of one dataset (its id) that are asked for."""

    dataset: str
    files: Sequence[Name]


@dataclass(frozen=True, slots=True)
class Known:
    """The state of each file asked for, in order; SHA-256 in hex by index where the hub gave it."""

    states: list[State]
    digests: dict[int, str]


def question(wanted: Sequence[Wanted], verified: bool) -> dict[str, Any]:
    """The body of a look-up; `verified` also asks about the replicas."""
    rows = [{"dataset": each.dataset, "files": each.files} for each in wanted]
    return {"lookups": rows, "verified": verified}


def answers(wanted: Sequence[Wanted], document: Any) -> list[Known]:
    """The look-up's answer, one for each asked; Unavailable when it does not fit the question."""
    try:
        given = document["lookups"]
        known = [
            Known(
                [State(n) for n in each["states"]],
                {int(k): v for k, v in (each.get("digests") or {}).items()},
            )
            for each in given
        ]
    except (KeyError, TypeError, ValueError):
        raise Unavailable("The hub answered a look-up with something else.") from None
    if [len(each.states) for each in known] != [len(each.files) for each in wanted]:
        raise Unavailable("The hub answered another number of files than it was asked for.")
    return known
