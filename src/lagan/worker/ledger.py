"""The worker's side of the engine's protocol: how tasks are claimed, kept, finished and given
back, whoever keeps the rows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from lagan.kit.errors import LaganError

LEASE = 30.0
"""Seconds a claim lasts without a beat; longer than any pause of a healthy worker, short enough
to wait for."""

BEATS_PER_LEASE = 4
"""A worker beats this often within a lease, so that three beats may be lost before the task is."""


class LeaseLost(LaganError):
    """Somebody else holds the task now, or nobody does: this attempt may not change it any more."""

    code, status, exit = "lease-lost", 409, 6


class Cancelled(LaganError):
    """The task's job was cancelled; what is done stays done, nothing more is begun."""

    code, status, exit = "cancelled", 409, 6


class SiteFull(LaganError):
    """As many tasks as the site allows are running there; the hint stays true and may be tried
    again."""

    code, status, exit, permanent = "site-full", 409, 8, False


ALREADY = "skipped.already"
"""The category of an item that a step found as it should become: it is skipped there, and the
workflow's next step has it all the same."""


AGAIN = "failed.again"
"""The category of an item whose failure may pass by itself (a file that is open, that changes
while it is read). `failed.again.busy` says why. It is tried again with growing pauses, a few times;
after that it counts as `failed.busy`, or `failed` when nothing was said."""


@dataclass(frozen=True, slots=True)
class WorkerFacts:
    """What a worker tells of itself every few seconds. `load` is the machine's of the last minute,
    per processor; `running` the tasks it runs; `roots` the folders of the site that it opens;
    `filesystems` how full those beneath them are (see `lagan.worker.site.fullness.told`)."""

    name: str
    sites: Sequence[str]
    host: str = ""
    version: str = ""
    transport: str = ""
    """`database`, `broker` or `hub`."""
    threads: int = 0
    running: int = 0
    load: float = 0.0
    roots: Sequence[str] = ()
    filesystems: Sequence[Mapping[str, Any]] = ()


@dataclass(frozen=True, slots=True)
class Asked:
    """A question that one worker answers, within seconds: see `lagan.worker.answers`."""

    id: int
    site: str
    verb: str
    args: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Claimed:
    """A task that one worker holds: `attempt` is the fence, every later call names it."""

    id: int
    job: int
    step: str
    site: str
    attempt: int
    args: Mapping[str, Any]
    items: Sequence[str]


@dataclass(frozen=True, slots=True)
class Progress:
    """How far this attempt is: items and bytes handled since it began."""

    done: int = 0
    bytes: int = 0


@dataclass(frozen=True, slots=True)
class ItemFailure:
    """Why one item was not done. `category` is `failed` or `skipped`, or a word of the step's
    own after a dot."""

    item: str
    category: str
    reason: str


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of every item of a task, told once. `failures` holds failed and skipped items
    with their reasons."""

    done: int = 0
    skipped: int = 0
    failed: int = 0
    failures: Sequence[ItemFailure] = ()
    result: Mapping[str, Any] = field(default_factory=dict)
    bytes: int = 0
    cancelled: bool = False
    walks: Sequence[Sequence[str]] = ()
    """Of a walk: folders that it leaves to others, a task for each list."""


class Ledger(Protocol):
    """Who keeps the rows. Every call but the claims is fenced by (id, attempt) and raises
    LeaseLost when it is too late."""

    def claim(self, sites: Sequence[str], worker: str, count: int = 1) -> list[Claimed]:
        """Take up to `count` tasks that are due at `sites`, the most urgent first; empty when
        there is none."""

    def claim_hint(
        self, task_id: int, attempt: int, redelivered: bool, worker: str
    ) -> Claimed | None:
        """Take the task that a message named, if the message is still true; None when it is not.

        `attempt` is the number of attempts before this one. `redelivered` says that the broker
        saw the first consumer die. Raises SiteFull when the site's limit is reached.
        """

    def beat(self, claimed: Claimed, progress: Progress) -> bool:
        """Renew the lease and show progress; True when the task is to be cancelled."""

    def finish(self, claimed: Claimed, outcome: Outcome) -> None:
        """Record the outcome; the only way a task is done."""

    def fail(self, claimed: Claimed, error: str, permanent: bool) -> None:
        """Give the task back for another attempt after a pause, or for good when `permanent` or
        tried too often."""

    def release(self, claimed: Claimed) -> None:
        """Give the task back at once and without blame, because this worker stops."""

    def found(self, claimed: Claimed, items: Sequence[str], size: int) -> None:
        """Keep items that the walk `claimed` found, to be worked on as one task once the walk has
        ended well; `size` is their bytes. What an attempt found that did not end well is
        forgotten."""

    def token(self, claimed: Claimed) -> str:
        """An access token of whoever started the job, for a step that acts for that person at the
        hub; Forbidden for a step that does not."""

    def present(self, facts: WorkerFacts) -> None:
        """Say that a worker serves its sites; called every few seconds."""

    def ask(self, sites: Sequence[str], wait: float) -> list[Asked]:
        """Questions for these sites, which nobody else gets; up to `wait` seconds are waited for
        the first."""

    def answer(
        self, asked: Asked, answer: Mapping[str, Any] | None, error: LaganError | None
    ) -> None:
        """Answer a question, or refuse it. Who asked may have gone; that is no error."""

    def leave(self) -> None:
        """The calling thread makes no more calls: give up what it holds (a connection)."""
