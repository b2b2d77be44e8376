"""The proof after sending: the hub is asked for every file that was sent, and says that it has
it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from lagan.agent.plan import Task, windows
from lagan.agent.rows import Condition
from lagan.agent.server import Server
from lagan.client import State, Wanted


@dataclass(slots=True)
class Proof:
    """Files that the hub has, those of them with every replica verified, those that it lacks, and
    those that it has and may yet find damaged."""

    archived: int = 0
    verified: list[Task] = field(default_factory=list)
    missing: list[Task] = field(default_factory=list)
    unverified: list[Task] = field(default_factory=list)


def ask(hub: Server, tasks: Sequence[Task]) -> list[tuple[State, str | None]]:
    """The state of each task's file at the hub, and its SHA-256 where the hub gave it; one
    request."""
    groups: dict[str, list[int]] = {}
    for index, task in enumerate(tasks):
        groups.setdefault(task.dataset, []).append(index)
    wanted = [
        Wanted(dataset, [tasks[index].item for index in rows]) for dataset, rows in groups.items()
    ]
    found: list[tuple[State, str | None]] = [(State.ABSENT, None)] * len(tasks)
    for rows, known in zip(groups.values(), hub.look_up(wanted, verified=True), strict=True):
        for place, index in enumerate(rows):
            found[index] = (known.states[place], known.digests.get(place))
    return found


def prove(
    hub: Server,
    sent: Mapping[Task, str | None],
    check: Callable[[], None] = lambda: None,
    tell: Callable[[Task, Condition], None] = lambda task, condition: None,
) -> Proof:
    """Ask for all that was sent (with its SHA-256 in hex): archived under its time, or the same
    bytes under another. `tell` hears what became of each file."""
    proof = Proof()
    for window in windows(_tasks(sent)):
        check()
        for task, (state, digest) in zip(window, ask(hub, window), strict=True):
            condition = _proven(state, digest, sent[task])
            tell(task, condition)
            if condition is Condition.UNPROVEN:
                proof.missing.append(task)
            elif condition is Condition.UNVERIFIED:
                proof.unverified.append(task)
            else:
                proof.archived += 1
            if state is State.VERIFIED:
                proof.verified.append(task)
    return proof


def _proven(state: State, digest: str | None, sha256: str | None) -> Condition:
    if state is State.UNVERIFIED:
        return Condition.UNVERIFIED
    same_bytes = state is State.OTHER_TIME and digest is not None and digest == sha256
    is_there = state in (State.SAME, State.VERIFIED) or same_bytes
    return Condition.COMPLETED if is_there else Condition.UNPROVEN


def _tasks(sent: Mapping[Task, str | None]) -> Iterable[Task]:
    return sent.keys()
