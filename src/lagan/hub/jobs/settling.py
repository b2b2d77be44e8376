"""What the end of a task means, decided without a database: which of its items stay with it, which
are tried again, which go on, and what it adds to its job's sums."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import Enum, auto

from lagan.worker.ledger import AGAIN, ALREADY, ItemFailure, Outcome

FAILED, SKIPPED = "failed", "skipped"
"""The first words of all categories."""


class Part(Enum):
    """What a task is of its job."""

    WALK = auto()
    """It looks for the job's items; its own are folders."""
    EARLIER = auto()
    """What it has done goes on to another stage, and counts there."""
    LAST = auto()
    """What it has done is done."""


@dataclass(frozen=True, slots=True)
class Sums:
    """What is added to a job's row; see `models.Job`."""

    total: int = 0
    processed: int = 0
    skipped: int = 0
    failed: int = 0
    bytes: int = 0
    categories: Mapping[str, int] = field(default_factory=dict)

    def less(self) -> Sums:
        """The same, taken away."""
        return Sums(
            -self.total,
            -self.processed,
            -self.skipped,
            -self.failed,
            -self.bytes,
            {name: -count for name, count in self.categories.items()},
        )


@dataclass(frozen=True, slots=True)
class Settled:
    """How a task's row ends. `kept` are the items that stay with it, `again` those that another
    task tries, `passed` those that the next stage has. `already` are skipped ones among these."""

    kept: list[str]
    again: list[str]
    passed: list[str]
    failures: list[ItemFailure]
    done: int
    skipped: int
    already: int
    failed: int


def is_skip(failure: ItemFailure) -> bool:
    """Whether an item was passed over, rather than that it failed."""
    return failure.category.partition(".")[0] == SKIPPED


def is_again(failure: ItemFailure) -> bool:
    """Whether trying again may help."""
    return failure.category == AGAIN or failure.category.startswith(AGAIN + ".")


def given_up(failure: ItemFailure) -> ItemFailure:
    """The same as a failure for good: `failed.again.busy` is `failed.busy`."""
    if not is_again(failure):
        return failure
    return replace(failure, category=FAILED + failure.category[len(AGAIN) :])


def stops(failure: ItemFailure, part: Part) -> bool:
    """Whether this is the last that is heard of the item."""
    return part != Part.EARLIER or failure.category != ALREADY


def settle(
    items: Sequence[str], outcome: Outcome, *, part: Part, tries: bool, exact: bool
) -> Settled:
    """What becomes of `items`. `tries`: those that failed in passing are tried again. `exact`: only
    what was told of `items` counts, and each of them once, whatever a worker says."""
    told = list({each.item: each for each in outcome.failures}.values())
    mine = set(items)
    if exact and part != Part.WALK:
        told = [each for each in told if each.item in mine]
    again = {e.item for e in told if tries and is_again(e) and e.item in mine}
    kept = [item for item in items if item not in again]
    failures = [given_up(each) for each in told if each.item not in again]
    counted = Counter(map(is_skip, failures))
    numbers = (outcome.done, counted[True], counted[False])
    if not exact and part != Part.WALK:
        numbers = (outcome.done, outcome.skipped, outcome.failed - len(again))
    elif part != Part.WALK:
        left = len(kept) - len(failures)
        numbers = (min(outcome.done, left) if outcome.cancelled else left, *numbers[1:])
    early, on = part == Part.EARLIER, not outcome.cancelled
    stopped = {each.item for each in failures if each.category != ALREADY}
    return Settled(
        kept=kept,
        again=[item for item in items if item in again],
        passed=[item for item in kept if item not in stopped] if early and on else [],
        failures=failures,
        done=numbers[0],
        skipped=numbers[1],
        already=sum(each.category == ALREADY for each in failures) if early else 0,
        failed=numbers[2],
    )


def share(
    part: Part,
    *,
    items: int,
    done: int,
    skipped: int,
    already: int,
    failed: int,
    size: int,
    failures: Iterable[ItemFailure],
) -> Sums:
    """What a task of `items` items counts for its job. One that found its items itself (`items`
    is 0) adds to the total what it handled, and a walk the folders that it could not read."""
    stopped = skipped - already
    total = 0 if items else done + skipped + failed
    return Sums(
        total=skipped + failed if part == Part.WALK else total,
        processed=done if part == Part.LAST else 0,
        skipped=stopped,
        failed=failed,
        bytes=0 if part == Part.WALK else size,
        categories=Counter(each.category for each in failures if stops(each, part)),
    )
