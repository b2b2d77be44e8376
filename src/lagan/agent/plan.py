"""What shall be done with each file: pure decisions from what the hub knows of it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from enum import Enum

from lagan.agent.scan import Item
from lagan.client.lookup import MOST_FILES, State


class Action(Enum):
    """What becomes of a file."""

    SKIP = "already there"
    COMPARE = "compare digests"
    BATCH = "send in a batch"
    RESUMABLE = "send by itself"
    REFUSE = "the hub refuses its name"
    WAIT = "there, but not proven yet"


@dataclass(frozen=True, slots=True)
class Task:
    """A file and the dataset (the hub's id, the folder relative to the data folder) that it
    belongs to."""

    dataset: str
    root: str
    item: Item


@dataclass(slots=True)
class Plan:
    """Tasks by action; `digests` holds what the hub knows of those to compare, SHA-256 in hex."""

    skip: list[Task]
    compare: list[tuple[Task, str | None]]
    batch: list[Task]
    resumable: list[Task]
    refuse: list[Task]
    verified: int = 0
    wait: list[Task] = field(default_factory=list)


def decide(state: State, size: int, small: int) -> Action:
    """The action for one file of `size` bytes; up to `small` it goes into a batch."""
    if state in (State.SAME, State.VERIFIED):
        return Action.SKIP
    if state is State.OTHER_TIME:
        return Action.COMPARE
    if state is State.REFUSED_NAME:
        return Action.REFUSE
    if state is State.UNVERIFIED:
        return Action.WAIT
    return how_to_send(size, small)


def how_to_send(size: int, small: int) -> Action:
    """Small files go together; an empty one always does, for an upload of nothing has no last
    request."""
    return Action.BATCH if size <= small or size == 0 else Action.RESUMABLE


def plan(
    tasks: Sequence[Task], states: Sequence[State], digests: dict[int, str], small: int
) -> Plan:
    """Sort tasks by what the hub said of each; `digests` by index."""
    made = Plan([], [], [], [], [], sum(state is State.VERIFIED for state in states))
    for index, (task, state) in enumerate(zip(tasks, states, strict=True)):
        match decide(state, task.item.size, small):
            case Action.SKIP:
                made.skip.append(task)
            case Action.COMPARE:
                made.compare.append((task, digests.get(index)))
            case Action.BATCH:
                made.batch.append(task)
            case Action.RESUMABLE:
                made.resumable.append(task)
            case Action.REFUSE:
                made.refuse.append(task)
            case Action.WAIT:
                made.wait.append(task)
    return made


def windows(tasks: Iterable[Task], most: int = MOST_FILES) -> Iterator[list[Task]]:
    """The tasks in look-ups of at most `most` files, across datasets."""
    window: list[Task] = []
    for task in tasks:
        window.append(task)
        if len(window) == most:
            yield window
            window = []
    if window:
        yield window


def batches(tasks: Iterable[Task], most_bytes: int, most_files: int) -> Iterator[list[Task]]:
    """The tasks in batches within both bounds; a file that is larger than a batch goes alone."""
    batch: list[Task] = []
    held = 0
    for task in tasks:
        if batch and (held + task.item.size > most_bytes or len(batch) == most_files):
            yield batch
            batch, held = [], 0
        batch.append(task)
        held += task.item.size
    if batch:
        yield batch
