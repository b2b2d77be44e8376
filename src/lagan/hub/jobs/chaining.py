"""How a workflow's tasks follow each other: what a walk found becomes tasks, and what a stage did
goes on to the next, all in the transaction that ends the task."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from django.db.models import QuerySet, Sum
from django.db.models.functions import Coalesce
from django.utils import timezone

from lagan.hub.jobs import ending, packing
from lagan.hub.jobs.models import Job, Task
from lagan.hub.jobs.rules import WALK, TaskState
from lagan.worker.ledger import ALREADY, Claimed, ItemFailure, Outcome


def go_on(job: Job, claimed: Claimed, outcome: Outcome) -> None:
    """After `claimed` has ended with `outcome`: count what is final, and make the tasks that
    follow. The job is locked."""
    row = Task.objects.only("stage", "priority", "job_id").get(pk=claimed.id)
    if row.stage == WALK:
        _count_whole(job, claimed, outcome)
        if outcome.cancelled:
            forget_found(claimed.id)
        else:
            _begin_found(job, claimed)
            _walk_on(job, claimed, row, outcome.walks)
    elif row.stage + 1 < len(job.stages) and not outcome.cancelled:
        passed = passing(claimed.items, outcome.failures)
        _count_stopped(job, outcome, len(passed))
        _follow(job, claimed, row, passed)
    else:
        _count_whole(job, claimed, outcome)


def passing(items: Sequence[str], failures: Iterable[ItemFailure]) -> list[str]:
    """The items that go on to the next stage: all that were done, and those that were as they
    should be already."""
    stopped = {each.item for each in failures if each.category != ALREADY}
    return [item for item in items if item not in stopped]


def keep_found(
    claimed: Claimed, items: Sequence[str], size: int, number: int | None = None
) -> None:
    """Keep a batch that a walk found for its first stage; `size` is its bytes. One with a `number`
    that was kept before is the same batch."""
    known = Task.objects.filter(found_by=claimed.id, found_attempt=claimed.attempt)
    if number is not None and known.filter(found_number=number).exists():
        return
    job = Job.objects.only("stages").get(pk=claimed.job)
    stage = job.stages[0]
    Task.objects.create(
        job=job,
        step=stage["step"],
        site_id=stage["site"],
        args=stage["args"],
        stage=0,
        state=TaskState.FOUND,
        found_by=claimed.id,
        found_attempt=claimed.attempt,
        found_number=number,
        items=packing.pack_items(items),
        item_count=len(items),
        not_before=timezone.now(),
    )


def forget_found(walk: int) -> None:
    """Drop whatever a walk that did not end well had found."""
    _found(walk).delete()


def waiting_state(job: Job) -> TaskState:
    """How a new task of `job` waits."""
    return TaskState.HELD if job.paused else TaskState.QUEUED


def _begin_found(job: Job, claimed: Claimed) -> None:
    mine = _found(claimed.id).filter(found_attempt=claimed.attempt)
    items = mine.aggregate(items=Coalesce(Sum("item_count"), 0))["items"]
    mine.update(state=waiting_state(job), not_before=timezone.now())
    forget_found(claimed.id)  # what earlier attempts found
    ending.count(job, total=items)


def _walk_on(job: Job, claimed: Claimed, row: Task, walks: Sequence[Sequence[str]]) -> None:
    """Tasks for the folders that a walk left, as urgent as it was."""
    Task.objects.bulk_create(
        Task(
            job=job,
            step=claimed.step,
            site_id=claimed.site,
            args=dict(claimed.args),
            stage=WALK,
            state=waiting_state(job),
            items=packing.pack_items(folders),
            item_count=0,
            priority=row.priority,
            not_before=timezone.now(),
        )
        for folders in walks
    )


def _follow(job: Job, claimed: Claimed, row: Task, items: Sequence[str]) -> None:
    if not items:
        return
    stage = job.stages[row.stage + 1]
    Task.objects.create(
        job=job,
        step=stage["step"],
        site_id=stage["site"],
        args=stage["args"],
        stage=row.stage + 1,
        after=claimed.id,
        state=waiting_state(job),
        items=packing.pack_items(items),
        item_count=len(items),
        priority=row.priority,
        not_before=timezone.now(),
    )


def _count_whole(job: Job, claimed: Claimed, outcome: Outcome) -> None:
    """A task that found its items itself adds to the total too. A walk's items are folders, whose
    failures count as items of the job."""
    handled = outcome.done + outcome.skipped + outcome.failed
    total = 0 if claimed.items else handled
    if claimed.step.startswith("discover."):
        total = outcome.skipped + outcome.failed
        outcome = Outcome(skipped=outcome.skipped, failed=outcome.failed)
    ending.count(
        job,
        total=total,
        done=outcome.done,
        skipped=outcome.skipped,
        failed=outcome.failed,
        size=outcome.bytes,
    )


def _count_stopped(job: Job, outcome: Outcome, passed: int) -> None:
    """Of a stage that others follow only what ends here counts; bytes count at every stage."""
    already = sum(each.category == ALREADY for each in outcome.failures)
    ending.count(job, skipped=outcome.skipped - already, failed=outcome.failed, size=outcome.bytes)


def _found(walk: int) -> QuerySet[Task]:
    return Task.objects.filter(found_by=walk, state=TaskState.FOUND)
