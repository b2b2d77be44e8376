"""The room's decisions, without a database: states, back-off, how a job ends, when a
schedule is due."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta

from croniter import croniter
from django.db.models import TextChoices

from lagan.kit.errors import BadInput
from lagan.worker.batches import BATCH_BYTES, BATCH_ITEMS, cut

HUB = "hub"
"""The site that every hub is: its own work runs there."""

MAX_ERRORS = 5
"""Attempts whose step raised before the task fails for good."""

MAX_LAPSES = 20
"""Attempts whose worker vanished; a task that kills its worker must end some time."""

MAX_AGAIN = 5
"""How often an item whose failure may pass is tried again before it counts as failed."""

LONGEST_PAUSE = 600.0  # seconds

BULK, SOON, AT_ONCE = 0, 100, 200
"""Priorities: what nobody waits for, recalls (somebody wants the content), and what a person does
to a few paths and looks at."""

FEW = 50
"""Paths up to which work is a person's that looks at it."""

WALK = -1
"""The stage of tasks that look for a job's items."""


class JobState(TextChoices):
    """The workflow hub's words (its list of states in `stats.state`), and our own for a
    cancelled job."""

    PENDING = "PENDING"
    STARTED = "STARTED"
    SUCCESS = "SUCCESS"
    FAILURE = "FAILURE"
    ERROR = "ERROR"
    CANCELLED = "CANCELLED"


class TaskState(TextChoices):
    """Where a task is. FOUND: its items were found by a walk that has not ended yet. HELD: its job
    is paused. These two, `queued` and `running` are open, the others are final."""

    FOUND = "found"
    HELD = "held"
    QUEUED = "queued"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"


OPEN_TASKS = (TaskState.FOUND, TaskState.HELD, TaskState.QUEUED, TaskState.RUNNING)
OPEN_JOBS = (JobState.PENDING, JobState.STARTED)


def final_state(*, errors: bool, cancelled: bool, failed_items: int) -> JobState:
    """How a job with no open task ended. ERROR: a task could not be run to its end. FAILURE: all
    were run, but some items failed. A job is a success only when everything was."""
    if cancelled:
        return JobState.CANCELLED
    if errors:
        return JobState.ERROR
    return JobState.FAILURE if failed_items else JobState.SUCCESS


def pause_after(errors: int, chance: float) -> timedelta:
    """The wait before the next attempt: 2 to the number of errors in seconds, at most ten
    minutes, plus or minus half by `chance` (0 to 1), so that what failed together does not come
    back together."""
    seconds = min(LONGEST_PAUSE, 2.0 ** min(errors, 30))
    return timedelta(seconds=seconds * (0.5 + chance))


def is_spent(*, errors: int, lapses: int) -> bool:
    """Whether a task has been tried often enough."""
    return errors >= MAX_ERRORS or lapses >= MAX_LAPSES


def priority(*, steps: Iterable[str], few: bool, person: bool) -> int:
    """How urgent a workflow of `steps` is; `few`: it was started on a few paths and walks over no
    folders."""
    recalls = "hsm.recall" in steps
    if few and (person or recalls):
        return AT_ONCE
    return SOON if recalls else BULK


def apart(paths: Iterable[str], *, walked: bool) -> list[str]:
    """`paths` once each in their order; if they are `walked`, without those that lie beneath
    another, which the walk finds anyway. So a path has one outcome."""
    once = list(dict.fromkeys(paths))
    if not walked:
        return once
    tops = {path.rstrip("/") for path in once}
    kept: dict[str, str] = {}
    for path in once:
        if not _beneath(path, tops):
            kept.setdefault(path.rstrip("/"), path)
    return list(kept.values())


def _beneath(path: str, tops: set[str]) -> bool:
    above = path.rstrip("/")
    while above:
        above = above.rpartition("/")[0]
        if above in tops:
            return True
    return False


def batches(
    items: Iterable[tuple[str, int]], count: int = BATCH_ITEMS, size: int = BATCH_BYTES
) -> Iterator[list[str]]:
    """Cut (item, bytes) pairs into lists of at most `count` items; a list is closed once it
    holds `size` bytes."""
    return (batch for batch, _ in cut(items, count, size))


def next_run(every: timedelta | str, after: datetime) -> datetime:
    """The first time after `after` that `every` (a period, or five cron fields in UTC) names."""
    if isinstance(every, timedelta):
        return after + every
    if not croniter.is_valid(every):
        raise BadInput(
            f"{every!r} is not a schedule: five cron fields are expected.", schedule=every
        )
    moment: datetime = croniter(every, after).get_next(datetime)
    return moment
