"""What is known of jobs, tasks and their items, for those who may see it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db.models import Count, F, Min, Q, Sum
from django.utils import timezone

from lagan.hub.base.actors import Actor
from lagan.hub.base.pages import Page, page_by_key
from lagan.hub.jobs.models import Job, Schedule, Site, Task
from lagan.hub.jobs.outcomes import ItemOutcome, categories, failures_of, item_outcomes
from lagan.hub.jobs.presence import WorkerRow, online, workers
from lagan.hub.jobs.resubmitting import repeatable
from lagan.hub.jobs.rules import OPEN_JOBS, OPEN_TASKS, WALK, JobState, TaskState
from lagan.hub.jobs.visibility import may_see, seen_by, visible_job
from lagan.kit.errors import BadInput, NotFound
from lagan.worker.ledger import ItemFailure

__all__ = [
    "ItemOutcome",
    "JobRow",
    "Reported",
    "ScheduleRow",
    "SiteRow",
    "TaskRow",
    "WorkerRow",
    "categories",
    "failures",
    "item_outcomes",
    "job",
    "oldest_due",
    "online",
    "open_tasks",
    "reported",
    "schedules",
    "sites",
    "task",
    "tasks",
    "visible",
    "workers",
]


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
    """Whether it may be resubmitted now."""
    walking: bool = False
    """Whether items are still looked for."""
    walks: int = 0
    """How many tasks look, or looked, for items."""

    @property
    def handled(self) -> int:
        """Items that are behind us."""
        return self.processed + self.skipped + self.failed

    @property
    def fraction(self) -> float:
        """How much of it is behind us, 0 to 1; an ended job is 1 however it ended."""
        if self.state not in OPEN_JOBS:
            return 1.0
        return min(1.0, self.handled / self.total) if self.total else 0.0


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
    stage: int = 0
    """Which of the job's stages it is of; -1 for a walk."""
    again: int = 0
    """How often its items were tried before."""


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
    return Page(with_progress(page.items), page.next)


def job(actor: Actor, id: int) -> JobRow:
    """One job with its progress; NotFound when there is none, or none for `actor`."""
    return with_progress([visible_job(actor, id)])[0]


def tasks(actor: Actor, job_id: int, after: str | None = None, size: int = 50) -> Page[TaskRow]:
    """The tasks of a job in the order in which they were made."""
    rows = Task.objects.filter(job=visible_job(actor, job_id)).exclude(state=TaskState.FOUND)
    rows = rows.defer("items", "failures", "args")
    page = page_by_key(rows, keys=["id"], after=after, size=size)
    return Page([task_row(row) for row in page.items], page.next)


def failures(
    actor: Actor, job_id: int, after: str | None = None, size: int = 20
) -> Page[ItemFailure]:
    """Failed and skipped items of a job with their reasons, those of at most `size` tasks on a
    page; a task that could not be run to its end stands for all its items."""
    job = visible_job(actor, job_id)
    stopped = Q(failed_items__gt=0) | Q(skipped_items__gt=F("already_items"))
    rows = Task.objects.filter(stopped, job=job).defer("args")
    page = page_by_key(rows, keys=["id"], after=after, size=size)
    return Page([each for row in page.items for each in failures_of(job, row)], page.next)


def task(actor: Actor, id: int) -> TaskRow:
    """One task; NotFound when there is none, or none of a job that `actor` may see."""
    row = Task.objects.filter(pk=id).select_related("job").defer("items", "failures").first()
    if row is None or row.state == TaskState.FOUND or not may_see(actor, row.job):
        raise NotFound(f"There is no task {id}.", task=id)
    return task_row(row)


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


@dataclass(frozen=True, slots=True)
class Reported:
    """What the running tasks of a job report beside its sums, and how its walks stand."""

    items: int = 0
    bytes: int = 0
    walks: int = 0
    walking: bool = False


def reported(jobs: Sequence[Job]) -> dict[int, Reported]:
    """What is known of each job's running tasks and walks; two queries for all of them. Of a
    workflow only its last stage tells of items that are done."""
    last = {job.pk: max(0, len(job.stages) - 1) for job in jobs}
    running = Task.objects.filter(job__in=list(last), state=TaskState.RUNNING, stage__gte=0)
    items, size = Counter[int](), Counter[int]()
    for job, stage, done, moved in running.values_list("job", "stage").annotate(
        Sum("done_items"), Sum("done_bytes")
    ):
        items[job] += done if stage == last[job] else 0
        size[job] += moved
    walks = Task.objects.filter(job__in=list(last), stage=WALK).values("job")
    counted = {
        each["job"]: (each["walks"], each["open"] > 0)
        for each in walks.annotate(
            walks=Count("id"), open=Count("id", filter=Q(state__in=OPEN_TASKS))
        )
    }
    return {job: Reported(items[job], size[job], *counted.get(job, (0, False))) for job in last}


def with_progress(jobs: Iterable[Job]) -> list[JobRow]:
    """Rows of `jobs` with what their running tasks report added."""
    rows = list(jobs)
    more = reported(rows)
    return [_job_row(row, more[row.pk]) for row in rows]


def _job_row(row: Job, more: Reported) -> JobRow:
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
        processed=row.processed + more.items,
        skipped=row.skipped,
        failed=row.failed,
        bytes=row.bytes + more.bytes,
        site=row.site,
        discovery=row.discovery,
        fields=row.fields,
        paused=row.paused,
        outside=row.outside,
        resubmits=row.resubmits,
        repeatable=repeatable(row) and row.state not in OPEN_JOBS,
        walking=more.walking,
        walks=more.walks,
    )


def task_row(row: Task) -> TaskRow:
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
        stage=row.stage,
        again=row.again,
    )
