"""What became of each of a job's paths: every path once, at the task that decides it, a bounded
part read at a time."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from django.db.models import F, Q, QuerySet, Sum

from lagan.hub.base.actors import Actor
from lagan.hub.base.pages import Page
from lagan.hub.jobs import ending, packing
from lagan.hub.jobs.models import Job, Task
from lagan.hub.jobs.rules import TaskState
from lagan.hub.jobs.settling import FAILED, SKIPPED, Part, is_skip, stops
from lagan.hub.jobs.visibility import visible_job
from lagan.kit.errors import BadInput
from lagan.worker.ledger import ItemFailure

PROCESSED, WAITING, RUNNING = "processed", "waiting", "running"
STATES = (PROCESSED, SKIPPED, FAILED, WAITING, RUNNING)
CANCELLED = "waiting.cancelled"
"""The category of paths that nothing more is done about."""

_AT_ONCE = 10
"""Tasks read by one query: some 5,000 paths."""

_MOST_TASKS = 200
"""Tasks looked at for one page; a page may be short, and still not be the last."""


@dataclass(frozen=True, slots=True)
class ItemOutcome:
    """A path of a job and what became of it; `category` is finer than `state`."""

    item: str
    state: str
    category: str
    reason: str


def item_outcomes(
    actor: Actor, job: int, category: str | None = None, after: str | None = None, size: int = 50
) -> Page[ItemOutcome]:
    """At most `size` paths of a job with what became of them: all, or those of a state (`STATES`)
    or of a finer category (`failed.busy`). BadInput for another, or an odd `after`."""
    row = visible_job(actor, job)
    state = (category or "").partition(".")[0]
    if category and state not in STATES:
        raise BadInput(f"A category begins with one of {', '.join(STATES)}.", field="category")
    start, passed = _cursor(after)
    found: list[ItemOutcome] = []
    looked = 0
    for task in _tasks(_deciding(row, state), start):
        if looked == _MOST_TASKS:
            return Page(found, f"{task.pk}.0")
        looked += 1
        for number, outcome in enumerate(outcomes(row, task, state)):
            if task.pk == start and number < passed:
                continue
            if category in (None, "", outcome.state, outcome.category):
                if len(found) == size:
                    return Page(found, f"{task.pk}.{number}")
                found.append(outcome)
    return Page(found, None)


def categories(actor: Actor, job: int) -> dict[str, int]:
    """How many paths of a job are in each state, and in each finer category of those that failed
    or were skipped."""
    row = visible_job(actor, job)
    mine = Task.objects.filter(job=row, state=TaskState.RUNNING, stage__gte=0)
    running = mine.aggregate(items=Sum("item_count", default=0))["items"]
    waiting = row.total - row.processed - row.skipped - row.failed - running
    sums = {
        PROCESSED: row.processed,
        SKIPPED: row.skipped,
        FAILED: row.failed,
        WAITING: max(0, waiting),
        RUNNING: running,
    }
    return {name: count for name, count in row.categories.items() if "." in name} | sums


def failures_of(job: Job, task: Task) -> list[ItemFailure]:
    """The items of an ended task that came no further, with the reasons."""
    if task.state == TaskState.FAILED:
        return [ItemFailure(item, FAILED, task.error) for item in packing.unpack_items(task.items)]
    part = ending.part_of(job, task.stage)
    return [each for each in packing.unpack_failures(task.failures) if stops(each, part)]


def _deciding(job: Job, state: str) -> QuerySet[Task]:
    """The tasks that decide about paths, or about those in a state."""
    tasks = Task.objects.filter(job=job).exclude(state=TaskState.FOUND).order_by("id")
    last = Q(stage=max(0, len(job.stages) - 1))
    ended = Q(state__in=(TaskState.DONE, TaskState.CANCELLED))
    begun = Q(state=TaskState.RUNNING)
    open_ = Q(state__in=(TaskState.QUEUED, TaskState.HELD, TaskState.CANCELLED))
    which = {
        PROCESSED: last & ended & Q(done_items__gt=0),
        SKIPPED: Q(skipped_items__gt=F("already_items")),
        FAILED: Q(failed_items__gt=0),
        WAITING: open_ & Q(stage__gte=0),
        RUNNING: begun & Q(stage__gte=0),
    }
    some = which.get(state, which[PROCESSED] | which[SKIPPED] | which[FAILED])
    if not state:
        some |= which[WAITING] | which[RUNNING]
    return tasks.filter(some).only(
        "id", "state", "stage", "items", "failures", "done_items", "error"
    )


def _tasks(tasks: QuerySet[Task], start: int) -> Iterator[Task]:
    """Tasks from `start` on, a few at a time."""
    while some := list(tasks.filter(pk__gte=start)[:_AT_ONCE]):
        yield from some
        start = some[-1].pk + 1


def outcomes(job: Job, task: Task, state: str = "") -> Iterator[ItemOutcome]:
    """What this task decides, of whatever state or, sparing a look at its items, of those that
    failed or were skipped alone."""
    part = ending.part_of(job, task.stage)
    stopped = failures_of(job, task)
    if task.state == TaskState.FAILED or part == Part.WALK or state in (FAILED, SKIPPED):
        yield from (_stopped(each) for each in stopped)
        return
    told = {each.item: each for each in stopped}
    undecided = task.done_items if task.state == TaskState.CANCELLED else None
    for item in packing.unpack_items(task.items) or told:
        if item in told:
            yield _stopped(told[item])
        elif task.state in (TaskState.QUEUED, TaskState.HELD):
            yield ItemOutcome(item, WAITING, WAITING, "")
        elif task.state == TaskState.RUNNING:
            yield ItemOutcome(item, RUNNING, RUNNING, "")
        elif undecided is not None and (part == Part.EARLIER or undecided <= 0):
            yield ItemOutcome(item, WAITING, CANCELLED, "")
        elif part == Part.LAST:
            # Steps take their items in their order: of a cancelled task the first ones are done.
            undecided = None if undecided is None else undecided - 1
            yield ItemOutcome(item, PROCESSED, PROCESSED, "")


def _stopped(failure: ItemFailure) -> ItemOutcome:
    state = SKIPPED if is_skip(failure) else FAILED
    return ItemOutcome(failure.item, state, failure.category, failure.reason)


def _cursor(after: str | None) -> tuple[int, int]:
    """The task and the number of its outcomes at which a page begins."""
    task, dot, number = (after or "0.0").partition(".")
    if not (task.isascii() and number.isascii() and task.isdigit() and number.isdigit()):
        raise BadInput("This is no place in the list of a job's paths.", field="after")
    if len(task) > 18 or len(number) > 9:
        raise BadInput("This is no place in the list of a job's paths.", field="after")
    return int(task), int(number)
