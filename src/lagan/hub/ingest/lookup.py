"""Which of thousands of files the hub has already: one request, one answer, a few range queries."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum

from lagan.hub.archive import queries as archive
from lagan.hub.base.actors import Actor
from lagan.hub.datasets import queries as datasets
from lagan.hub.datasets.queries import Kept
from lagan.hub.tree import services as tree
from lagan.kit.errors import BadPath, TooLarge
from lagan.kit.paths import check_relative

FILES = 10_000
"""Files that one request may ask about."""


class State(IntEnum):
    """What is known of a file that somebody holds (docs/internals/ingest-api.md)."""

    MISSING = 0
    SAME = 1
    OTHER_TIME = 2
    OTHER_SIZE = 3
    VERIFIED = 4
    REFUSED = 5


@dataclass(frozen=True, slots=True)
class Held:
    """A file on the asker's side: its path in the dataset, bytes, modification time in ns."""

    path: str
    size: int
    mtime_ns: int


@dataclass(frozen=True, slots=True)
class Answer:
    """A state for each file in order; for OTHER_TIME also our SHA-256, by position."""

    dataset: int
    states: list[State]
    digests: dict[int, str]


def look_up(
    *, by: Actor, lookups: Sequence[tuple[int, Sequence[Held]]], verified: bool = False
) -> list[Answer]:
    """Answer for several datasets at once; needs DATASET_CHANGE on each. With `verified`, also
    tell VERIFIED."""
    if sum(len(files) for _, files in lookups) > FILES:
        raise TooLarge(f"One look-up asks about at most {FILES} files.", limit=FILES)
    return [_answer(by, dataset, files, verified) for dataset, files in lookups]


def _answer(by: Actor, dataset: int, files: Sequence[Held], verified: bool) -> Answer:
    tree.require(actor=by, permission="DATASET_CHANGE", entity=dataset)
    known = datasets.kept_at(dataset, [each.path for each in files if _allowed(each.path)])
    states = [state(each, known.get(each.path)) for each in files]
    if verified:
        states = _with_verified(files, known, states)
    digests = {
        n: known[each.path].sha256 or ""
        for n, each in enumerate(files)
        if states[n] is State.OTHER_TIME
    }
    return Answer(dataset, states, digests)


def state(held: Held, known: Kept | None) -> State:
    """Decide for one file, from size and time alone."""
    if known is None:
        return State.MISSING if _allowed(held.path) else State.REFUSED
    if known.size != held.size:
        return State.OTHER_SIZE
    return State.SAME if known.mtime_ns == held.mtime_ns else State.OTHER_TIME


def _with_verified(
    files: Sequence[Held], known: dict[str, Kept], states: list[State]
) -> list[State]:
    same = [known[each.path].stored for n, each in enumerate(files) if states[n] is State.SAME]
    good = {id for id, status in archive.statuses(same).items() if status == "good"}
    return [
        State.VERIFIED if each is State.SAME and known[held.path].stored in good else each
        for held, each in zip(files, states, strict=True)
    ]


def _allowed(path: str) -> bool:
    try:
        check_relative(path)
    except BadPath:
        return False
    return True
