"""What is known of jobs, tasks and their items, for those who may see it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db.models import Count, Min, Sum
from django.utils import timezone

from lagan.hub.base.actors import Actor
from lagan.hub.base.pages import Page, page_by_key
from lagan.hub.jobs import packing
from lagan.hub.jobs.models import Job, Schedule, Site, Task
from lagan.hub.jobs.rules import OPEN_JOBS, JobState, TaskState
from lagan.hub.jobs.visibility import may_see, seen_by
from lagan.kit.errors import BadInput, NotFound
from lagan.worker.ledger import ItemFailure


@dataclass(frozen=True, slots=True)
class JobRow:
    """A job as lists show it. `processed`, `skipped` and `failed` are items of `total`; while it
    runs `processed` holds what its running tasks report as well."""

    id: int
    kind: str
    title: str
    state: JobState
    created_by: int | None
    created_by_name: str
    created: datetime
    started: datetime | None
    finished: datetime | None
    total: int
    processed: int
    skipped: int
    failed: int
    bytes: int
    site: str = ""
    discovery: str | None = None
    fields: dict[str, Any] = field(default_factory=dict)
    paused: datetime | None = None
    outside: bool = False
    resubmits: int | None = None
    repeatable: bool = False
    walking: bool = False

    @property
    def handled(self) -> int:
        """Items that are behind us."""
        return self.processed + self.skipped + self.failed

    @property
    def fraction(self) -> float:
        """How much of it is behind us, 0 to 1; an ended job is 1 however it ended."""
        if self.state not in OPEN_JOBS:
            return 1.0
        handled = self.processed + self.skipped + self.failed
        return min(1.0, handled / self.total) if self.total else 0.0


@dataclass(frozen=True, slots=True)
class TaskRow:
    """A task as lists show it."""

    id: int
    job: int
    step: str
    site: str
    state: TaskState
    attempt: int
    worker: str
    item_count: int
    done: int
    skipped: int
    failed: int
    bytes: int
    error: str
    not_before: datetime
    started: datetime | None
    finished: datetime | None
    result: dict[str, Any]


@dataclass(frozen=True, slots=True)
class SiteRow:
    """A site, how many tasks it may run at once, and when a worker of it was last heard of."""

    name: str
    title: str
    limit: int
    seen: datetime | None


def visible(
    actor: Actor, *, after: str | None = None, size: int = 50, state: str | None = None
) -> Page[JobRow]:
    """The jobs that `actor` may see, the newest first. BadInput for a state that no job can
    have."""
    jobs = Job.objects.filter(seen_by(actor))
    if state is not None:
        if state not in JobState.values:
            raise BadInput(
                f"No job is ever {state!r}; it is {', '.join(JobState.values)}.", state=state
            )
        jobs = jobs.filter(state=state)
    page = page_by_key(jobs, keys=["-id"], after=after, size=size)
    return Page(_with_progress(page.items), page.next)


def job(actor: Actor, id: int) -> JobRow:
    """One job with its progress; NotFound when there is none, or none for `actor`."""
    return _with_progress([_visible_job(actor, id)])[0]


def tasks(actor: Actor, job_id: int, after: str | None = None, size: int = 50) -> Page[TaskRow]:
    """The tasks of a job in the order in which they were made."""
    rows = Task.objects.filter(job=_visible_job(actor, job_id)).defer("items", "failures", "args")
    page = page_by_key(rows, keys=["id"], after=after, size=size)
    return Page([_task_row(row) for row in page.items], page.next)


def failures(
    actor: Actor, job_id: int, after: str | None = None, size: int = 20
) -> Page[ItemFailure]:
    """Failed and skipped items of a job with their reasons, those of at most `size` tasks on a
    page; a task that could not be run to its end stands for all its items."""
    rows = Task.objects.filter(job=_visible_job(actor, job_id)).exclude(
        failed_items=0, skipped_items=0
    )
    page = page_by_key(rows.defer("args"), keys=["id"], after=after, size=size)
    return Page([each for row in page.items for each in _failures_of(row)], page.next)


def task(actor: Actor, id: int) -> TaskRow:
    """One task of a job that `actor` may see."""
    row = Task.objects.filter(pk=id).select_related("job").first()
    if row is None or not may_see(actor, row.job):
        raise NotFound(f"There is no task {id}.", task=id)
    return _task_row(row)


@dataclass(frozen=True, slots=True)
class ItemOutcome:
    """A path of a job and what became of it."""

    item: str
    state: str
    category: str
    reason: str


def item_outcomes(
    actor: Actor, job: int, category: str | None, after: str | None = None, size: int = 50
) -> Page[ItemOutcome]:
    """Interim."""
    rows = Task.objects.filter(job=_visible_job(actor, job))
    page = page_by_key(rows, keys=["id"], after=after, size=5)
    found = []
    for row in page.items:
        failed = {each.item: each for each in _failures_of(row)}
        for item in packing.unpack_items(row.items):
            if item in failed:
                each = failed[item]
                state = each.category.partition(".")[0]
                found.append(ItemOutcome(item, state, each.category, each.reason))
            else:
                state = {"done": "processed", "running": "running"}.get(row.state, "waiting")
                found.append(ItemOutcome(item, state, "", ""))
    return Page([each for each in found if category in (None, each.state)], page.next)


def categories(actor: Actor, job: int) -> dict[str, int]:
    """Interim."""
    return {}


def sites() -> list[SiteRow]:
    """All sites by name; there are tens of them, not thousands."""
    return [
        SiteRow(row.name, row.title, row.limit, row.seen) for row in Site.objects.order_by("name")
    ]


def open_tasks() -> dict[str, int]:
    """How many tasks wait and run, by state."""
    rows = Task.objects.filter(state__in=(TaskState.QUEUED, TaskState.RUNNING))
    counted = dict(rows.values_list("state").annotate(Count("id")))
    return {state.value: counted.get(state, 0) for state in (TaskState.QUEUED, TaskState.RUNNING)}


def oldest_due() -> datetime | None:
    """Since when the task that has waited longest could have run; None when none waits."""
    oldest: datetime | None = Task.objects.filter(
        state=TaskState.QUEUED, not_before__lte=timezone.now()
    ).aggregate(oldest=Min("not_before"))["oldest"]
    return oldest


@dataclass(frozen=True, slots=True)
class ScheduleRow:
    """Something periodic: when it runs next, and why it failed the last time, if it did."""

    name: str
    next_run: datetime
    last_error: str


def schedules() -> list[ScheduleRow]:
    """The hub's own enabled schedules by name; those of people are in `workflows.schedules`."""
    rows = Schedule.objects.filter(enabled=True, run={}).order_by("name")
    return [ScheduleRow(row.name, row.next_run, row.last_error) for row in rows]


def _visible_job(actor: Actor, id: int) -> Job:
    row = Job.objects.filter(pk=id).first()
    if row is None or not may_see(actor, row):
        raise NotFound(f"There is no job {id}.", job=id)
    return row


def _with_progress(jobs: Sequence[Job]) -> list[JobRow]:
    """Rows of `jobs`, with what their running tasks report added; one query for all of them."""
    running = Task.objects.filter(job__in=[row.pk for row in jobs], state=TaskState.RUNNING)
    sums = running.values("job").annotate(items=Sum("done_items"), size=Sum("done_bytes"))
    reported = {each["job"]: (each["items"], each["size"]) for each in sums}
    return [_job_row(row, *reported.get(row.pk, (0, 0))) for row in jobs]


def _job_row(row: Job, items: int, size: int) -> JobRow:
    return JobRow(
        id=row.pk,
        kind=row.kind,
        title=row.title,
        state=JobState(row.state),
        created_by=row.created_by,
        created_by_name=row.created_by_name,
        created=row.created,
        started=row.started,
        finished=row.finished,
        total=row.total,
        processed=row.processed + items,
        skipped=row.skipped,
        failed=row.failed,
        bytes=row.bytes + size,
        site=row.site,
        discovery=row.discovery,
        fields=row.fields,
        paused=row.paused,
        outside=row.outside,
        resubmits=row.resubmits,
        repeatable=bool(row.stages) and row.state not in OPEN_JOBS,
    )


def _task_row(row: Task) -> TaskRow:
    return TaskRow(
        id=row.pk,
        job=row.job_id,
        step=row.step,
        site=row.site_id,
        state=TaskState(row.state),
        attempt=row.attempt,
        worker=row.worker,
        item_count=row.item_count,
        done=row.done_items,
        skipped=row.skipped_items,
        failed=row.failed_items,
        bytes=row.done_bytes,
        error=row.error,
        not_before=row.not_before,
        started=row.started,
        finished=row.finished,
        result=row.result,
    )


def _failures_of(row: Task) -> list[ItemFailure]:
    if row.state == TaskState.FAILED:
        return [ItemFailure(item, "failed", row.error) for item in packing.unpack_items(row.items)]
    return packing.unpack_failures(row.failures)
