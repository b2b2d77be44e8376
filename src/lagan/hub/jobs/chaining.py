"""How a workflow's tasks follow each other: what a walk found becomes tasks, what a stage did goes
on to the next, what failed in passing is tried again; all in the transaction that ends the task."""

from __future__ import annotations

import random
from collections.abc import Iterable, Sequence
from datetime import timedelta
from typing import Any

from django.db.models import Sum
from django.db.models.functions import Coalesce, Now
from django.utils import timezone

from lagan.hub.jobs import ending, packing
from lagan.hub.jobs.models import Job, Task
from lagan.hub.jobs.rules import MAX_AGAIN, WALK, TaskState, pause_after
from lagan.hub.jobs.settling import Part, Settled, Sums, settle
from lagan.worker.ledger import Outcome


def close(job: Job, row: Task, outcome: Outcome) -> None:
    """End a task whose step came to its end, count what is final, and make the tasks that follow.
    The job and the task are locked."""
    part = ending.part_of(job, row.stage)
    tries = row.again < MAX_AGAIN and not (row.cancel or outcome.cancelled)
    settled = settle(
        packing.unpack_items(row.items), outcome, part=part, tries=tries, exact=bool(job.stages)
    )
    _write(row, outcome, settled)
    ending.count(job, ending.counted(job, row))
    after = _after(job, row)
    if part == Part.WALK and outcome.cancelled:
        _found(row).delete()
    elif part == Part.WALK:
        _begin_found(job, row, after)
        _walk_on(job, row, outcome.walks, after)
    if settled.passed:
        _follow(job, row, settled.passed, after)
    if settled.again:
        _try_again(job, row, settled.again)


def keep_found(row: Task, items: Sequence[str], attempt: int, number: int | None = None) -> None:
    """Keep a batch that the walk `row` found for the first stage. One with a `number` that was
    kept before is the same batch."""
    mine = Task.objects.filter(found_by=row.pk, state=TaskState.FOUND)
    if number is not None and mine.filter(found_attempt=attempt, found_number=number).exists():
        return
    job = Job.objects.only("stages").get(pk=row.job_id)
    Task.objects.create(
        **_stage(job, 0, row.priority, items),
        state=TaskState.FOUND,
        found_by=row.pk,
        found_attempt=attempt,
        found_number=number,
    )


def waiting_state(job: Job) -> TaskState:
    """How a new task of `job` waits."""
    return TaskState.HELD if job.paused else TaskState.QUEUED


def again_in(job: Job, row: Task, items: Sequence[str], **more: Any) -> Task:
    """A new task for some items of `row`, which has lost them."""
    return Task.objects.create(
        job=job,
        step=row.step,
        site_id=row.site_id,
        args=row.args,
        stage=row.stage,
        items=packing.pack_items(items),
        item_count=0 if row.stage == WALK else len(items),
        **{
            "state": waiting_state(job),
            "priority": row.priority,
            "not_before": timezone.now(),
            **more,
        },
    )


def _write(row: Task, outcome: Outcome, settled: Settled) -> None:
    ended = {
        "state": TaskState.CANCELLED if outcome.cancelled else TaskState.DONE,
        "done_items": settled.done,
        "done_bytes": outcome.bytes,
        "skipped_items": settled.skipped,
        "already_items": settled.already,
        "failed_items": settled.failed,
        "failures": packing.pack_failures(settled.failures),
        "result": packing.storable(dict(outcome.result)),
        "error": "",
    }
    if settled.again:
        ended["items"] = packing.pack_items(settled.kept)
        ended["item_count"] = 0 if row.stage == WALK else len(settled.kept)
    for name, value in ended.items():
        setattr(row, name, value)
    Task.objects.filter(pk=row.pk).update(**ended, lease_until=None, finished=Now())


def _after(job: Job, row: Task) -> dict[str, Any]:
    """How what follows `row` begins: it waits, unless the job was cancelled while `row` ran."""
    if row.cancel:
        return {"state": TaskState.CANCELLED, "finished": timezone.now()}
    return {"state": waiting_state(job)}


def _begin_found(job: Job, row: Task, after: dict[str, Any]) -> None:
    mine = _found(row).filter(found_attempt=row.attempt)
    items = mine.aggregate(items=Coalesce(Sum("item_count"), 0))["items"]
    mine.update(not_before=timezone.now(), **after)
    _found(row).delete()  # what earlier attempts found
    ending.count(job, Sums(total=items))


def _walk_on(job: Job, row: Task, walks: Iterable[Sequence[str]], after: dict[str, Any]) -> None:
    """Tasks for the folders that a walk left to others."""
    for folders in walks:
        again_in(job, row, folders, **after)


def _follow(job: Job, row: Task, items: Sequence[str], after: dict[str, Any]) -> None:
    """A task of the next stage, which goes before what was not begun yet: otherwise all of a stage
    would be done before anything of the next."""
    stage = _stage(job, row.stage + 1, row.priority + 1, items)
    Task.objects.create(**stage, after=row.pk, **after)


def _try_again(job: Job, row: Task, items: Sequence[str]) -> None:
    pause: timedelta = pause_after(row.again + 1, random.random())  # noqa: S311 - spreads retries, keeps no secret
    again_in(job, row, items, again=row.again + 1, not_before=timezone.now() + pause)


def _stage(job: Job, number: int, priority: int, items: Sequence[str]) -> dict[str, Any]:
    """The columns of a task for `items` at a stage of the job."""
    stage = job.stages[number]
    return {
        "job": job,
        "step": stage["step"],
        "site_id": stage["site"],
        "args": stage["args"],
        "stage": number,
        "items": packing.pack_items(items),
        "item_count": len(items),
        "priority": priority,
        "not_before": timezone.now(),
    }


def _found(walk: Task) -> Any:
    return Task.objects.filter(found_by=walk.pk, state=TaskState.FOUND)
