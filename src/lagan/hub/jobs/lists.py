"""Jobs in numbered pages with filters, and what all jobs of a list are by type, state and site."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from typing import Any

from django.db.models import Count, QuerySet

from lagan.hub.base.actors import Actor
from lagan.hub.base.pages import Page, page_by_key
from lagan.hub.jobs import packing, queries, visibility
from lagan.hub.jobs.models import Job, Task
from lagan.hub.jobs.queries import JobRow, TaskRow
from lagan.hub.jobs.visibility import seen_by
from lagan.kit.errors import NotFound


@dataclass(frozen=True, slots=True)
class JobFilters:
    """Which jobs: None leaves a condition out. `owner` is a user name; `until` is excluded."""

    kind: str | None = None
    state: str | None = None
    owner: str | None = None
    site: str | None = None
    since: datetime | None = None
    until: datetime | None = None


def jobs(actor: Actor, filters: JobFilters) -> QuerySet[Job]:
    """The jobs that `actor` may see and that are so."""
    named = {
        "kind": filters.kind,
        "state": filters.state,
        "created_by_name": filters.owner,
        "site": filters.site,
        "created__gte": filters.since,
        "created__lt": filters.until,
    }
    given = {name: value for name, value in named.items() if value is not None}
    return Job.objects.filter(seen_by(actor), **given)


def page(
    actor: Actor, filters: JobFilters, order: str, number: int, size: int
) -> tuple[list[JobRow], int]:
    """A page of them and how many there are; `order` is a column, downwards with a minus."""
    rows = jobs(actor, filters).defer("paths", "stages").order_by(order, "-id")
    count = rows.count()
    if number > 1 and (number - 1) * size >= count:
        raise NotFound(f"There is no page {number}.", page=number)
    return queries._with_progress(rows[(number - 1) * size : number * size]), count


def job_stats(actor: Actor, filters: JobFilters) -> dict[str, dict[str, int]]:
    """How many jobs there are by type, state and site."""
    rows = jobs(actor, filters).order_by()
    return {
        name: dict(rows.values_list(column).annotate(Count("id")))
        for name, column in (("type", "kind"), ("state", "state"), ("site", "site"))
    }


def may_change(actor: Actor, row: JobRow) -> bool:
    """Whether `actor` may do something to the job."""
    return visibility.may_change(actor, row)


def tasks(actor: Actor, job: int, order: str, after: str, size: int) -> Page[TaskRow]:
    """A page of a job's tasks by a column, downwards with a minus."""
    queries.job(actor, job)
    rows = Task.objects.filter(job=job).defer("items", "failures", "args")
    keys = [order] if order.lstrip("-") == "id" else [order, "id"]
    found = page_by_key(rows, keys=keys, after=after or None, size=size)
    return Page([queries._task_row(row) for row in found.items], found.next)


def task_items(actor: Actor, id: int, most: int) -> dict[str, Any]:
    """The first `most` items of a task (`paths`), how many there are (`path_count`), what failed
    or was skipped (`failures`), what its step was told (`args`)."""
    row = Task.objects.get(pk=queries.task(actor, id).id)
    paths = packing.unpack_items(row.items)
    failures = packing.unpack_failures(row.failures)
    return {
        "paths": paths[:most],
        "path_count": len(paths),
        "failures": failures[:most],
        "failure_count": len(failures),
        "args": row.args,
    }
