"""Rows of jobs and tasks as they are first written."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import Any

from django.db import IntegrityError, connection, transaction
from django.utils import timezone

from lagan.hub.jobs import chaining, packing
from lagan.hub.jobs.errors import NoSuchSite
from lagan.hub.jobs.models import Job, Site, Task
from lagan.hub.jobs.rules import HUB, WALK

_AT_ONCE = 200
"""Tasks inserted by one statement: with 500 paths each, about 1 MB packed in memory."""


@dataclass(frozen=True, slots=True)
class TaskSpec:
    """A task to be: `items` are what it works on, one outcome each; a higher `priority` goes
    first. Those of a walk (`stage` WALK) are folders, and have no outcome of their own."""

    step: str
    site: str = HUB
    args: Mapping[str, Any] = field(default_factory=dict)
    items: Sequence[str] = ()
    priority: int = 0
    stage: int = 0


def keep_or_find(job: Job) -> Job | None:
    """Insert `job`; the one that already has its key, if there is one."""
    if job.key is not None and (existing := Job.objects.filter(key=job.key).first()):
        return existing
    try:
        with transaction.atomic():
            job.save(force_insert=True)
    except IntegrityError:
        return Job.objects.get(key=job.key)
    return None


def insert(job: Job, specs: Iterable[TaskSpec]) -> int:
    """Insert tasks and say how many items they have. Each spec's items are packed as soon as they
    are read: only packed ones pile up. NoSuchSite for a site that nobody has set up."""
    total = 0
    known: set[str] = set()
    rows = _rows(job, specs)
    while chunk := list(islice(rows, _AT_ONCE)):
        sites = {row.site_id for row in chunk}
        require_sites(sites - known)
        known |= sites
        Task.objects.bulk_create(chunk)
        total += sum(row.item_count for row in chunk)
    return total


def require_sites(names: set[str]) -> None:
    """NoSuchSite when one of `names` is no site; the hub's own is made when it is missing."""
    if HUB in names:
        Site.objects.get_or_create(name=HUB, defaults={"title": "Hub"})
    missing = names - _held(names)
    if missing:
        raise NoSuchSite(f"There is no site called {min(missing)}.", site=min(missing))


def _held(names: set[str]) -> set[str]:
    """Those of `names` that are sites, which nobody removes or renames before this transaction has
    ended: PostgreSQL's lock of a foreign key. SQLite has one writer."""
    if connection.vendor != "postgresql":
        return set(Site.objects.filter(name__in=names).values_list("name", flat=True))
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT name FROM jobs_site WHERE name = ANY(%s) FOR KEY SHARE", [sorted(names)]
        )
        return {row[0] for row in cursor.fetchall()}


def _rows(job: Job, specs: Iterable[TaskSpec]) -> Iterator[Task]:
    now = timezone.now()
    for spec in specs:
        yield Task(
            job=job,
            step=spec.step,
            site_id=spec.site,
            args=dict(spec.args),
            items=packing.pack_items(spec.items),
            item_count=0 if spec.stage == WALK else len(spec.items),
            priority=spec.priority,
            stage=spec.stage,
            state=chaining.waiting_state(job),
            not_before=now,
        )
