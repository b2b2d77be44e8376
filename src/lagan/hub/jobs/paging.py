"""Pages of jobs and of a job's tasks, by any column; what a task was told and what became of it."""

from __future__ import annotations

from typing import Any

from lagan.hub.base.actors import Actor
from lagan.hub.base.pages import Page, page_by_key
from lagan.hub.jobs import packing, queries, visibility
from lagan.hub.jobs.listing import JobFilter, jobs, stats
from lagan.hub.jobs.models import Task
from lagan.hub.jobs.queries import JobRow, TaskRow
from lagan.hub.jobs.rules import TaskState
from lagan.kit.errors import NotFound


def page(
    actor: Actor, wanted: JobFilter, order: str, number: int, size: int
) -> tuple[list[JobRow], dict[str, dict[str, int]]]:
    """A page of them, and how many there are of each kind (`listing.stats`); `order` is a column,
    downwards with a minus. NotFound for a page that is not there."""
    listed = jobs(actor, wanted)
    rows = listed.defer("paths", "args").order_by(order, "-id")
    counts = stats(listed)
    count = sum(counts["state"].values())
    if number > 1 and (number - 1) * size >= count:
        raise NotFound(f"There is no page {number}.", page=number)
    return queries.with_progress(rows[(number - 1) * size : number * size]), counts


def may_change(actor: Actor, row: JobRow) -> bool:
    """Whether `actor` may do something to the job."""
    return visibility.may_change_of(actor, row.created_by)


def tasks(actor: Actor, job: int, order: str, after: str, size: int) -> Page[TaskRow]:
    """A page of a job's tasks by a column, downwards with a minus."""
    rows = Task.objects.filter(job=visibility.visible_job(actor, job))
    rows = rows.exclude(state=TaskState.FOUND).defer("items", "failures", "args")
    keys = [order] if order.lstrip("-") == "id" else [order, "id"]
    found = page_by_key(rows, keys=keys, after=after or None, size=size)
    return Page([queries.task_row(row) for row in found.items], found.next)


def task_items(actor: Actor, id: int, most: int) -> dict[str, Any]:
    """The first `most` items of a task (`paths`), how many there are (`path_count`), the first of
    those that failed or were skipped (`failures`, `failure_count`)."""
    row = Task.objects.get(pk=queries.task(actor, id).id)
    paths = packing.unpack_items(row.items)
    failures = packing.unpack_failures(row.failures)
    return {
        "paths": paths[:most],
        "path_count": len(paths),
        "failures": failures[:most],
        "failure_count": len(failures),
    }
