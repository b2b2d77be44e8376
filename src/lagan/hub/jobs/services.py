"""What is done to jobs: asked for, cancelled, tried again. Rows first; whoever runs them learns
of it after the commit."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import F, Q, QuerySet, Sum
from django.db.models.functions import Coalesce
from django.utils import timezone

from lagan.hub.audit.kinds import Kind
from lagan.hub.audit.services import record
from lagan.hub.base.actors import Actor
from lagan.hub.jobs import ending, packing
from lagan.hub.jobs.changes import announce
from lagan.hub.jobs.errors import JobNotOver, JobOver, NoSuchSite
from lagan.hub.jobs.ledger import put_back
from lagan.hub.jobs.models import Job, Site, Task
from lagan.hub.jobs.rules import HUB, OPEN_JOBS, JobState, TaskState
from lagan.hub.jobs.visibility import may_change, may_see
from lagan.kit.errors import Forbidden, NotFound

_AT_ONCE = 200
"""Tasks inserted by one statement: with 500 paths each, about 1 MB packed in memory."""


@dataclass(frozen=True, slots=True)
class TaskSpec:
    """A task to be: `items` are what it works on, one outcome each; a higher `priority` goes
    first."""

    step: str
    site: str = HUB
    args: Mapping[str, Any] = field(default_factory=dict)
    items: Sequence[str] = ()
    priority: int = 0


def create_job(
    *,
    kind: str,
    title: str,
    by: Actor,
    tasks: Iterable[TaskSpec],
    key: str | None = None,
    args: Mapping[str, Any] | None = None,
) -> Job:
    """Insert a job with its tasks in one transaction; `tasks` is read as a stream. A known `key`
    returns the job that has it, and `tasks` is not looked at. NoSuchSite when a task is meant
    for an unknown site."""
    with transaction.atomic():
        job = Job(kind=kind, title=title, created_by=by.entity, created_by_name=by.name, key=key)
        job.args = dict(args or {})
        if existing := _keep_or_find(job):
            return existing
        _insert_tasks(job, tasks)
        facts = {"job": job.pk, "kind": kind, "title": title}
        record(kind=Kind.JOB_CREATED, by=by, data=facts)
        ending.end_if_over(job)
        announce()
    job.refresh_from_db()
    return job


def cancel(*, job: int, by: Actor) -> Job:
    """Take back what is not running yet and ask what runs to stop; it does within a beat.
    JobOver for an ended job."""
    with transaction.atomic():
        row = _locked(job, by)
        if row.state not in OPEN_JOBS:
            raise JobOver(f"Job {job} has ended already: {row.state}.", job=job)
        tasks = Task.objects.filter(job=row)
        ending.close_tasks(row, tasks.filter(state=TaskState.QUEUED), TaskState.CANCELLED, "")
        tasks.filter(state=TaskState.RUNNING).update(cancel=True)
        ending.end_if_over(row)
        record(kind=Kind.JOB_CANCELLED, by=by, data={"job": job})
        announce()
    row.refresh_from_db()
    return row


def retry(*, job: int, by: Actor) -> Job:
    """Run again whatever of an ended job failed or was cancelled, and the tasks in which an item
    failed; what they counted is taken out of the sums first. JobNotOver while the job runs."""
    with transaction.atomic():
        row = _locked(job, by)
        if row.state in OPEN_JOBS:
            raise JobNotOver(f"Job {job} has not ended yet.", job=job)
        again = Task.objects.filter(job=row).filter(
            Q(state__in=(TaskState.FAILED, TaskState.CANCELLED))
            | Q(state=TaskState.DONE, failed_items__gt=0)
        )
        _uncount(row, again)
        if put_back(again, **_AFRESH):
            Job.objects.filter(pk=row.pk).update(state=JobState.STARTED, finished=None)
        record(kind=Kind.JOB_RETRIED, by=by, data={"job": job})
        announce()
    row.refresh_from_db()
    return row


def ensure_site(*, name: str, title: str = "", limit: int | None = None) -> Site:
    """The site called `name`, made when there is none; `title` and `limit` are changed when
    given."""
    given: dict[str, Any] = {"title": title} if title else {}
    if limit is not None:
        given["limit"] = limit
    site, _ = Site.objects.update_or_create(name=name, defaults=given)
    return site


_AFRESH: dict[str, Any] = {
    "errors": 0,
    "lapses": 0,
    "cancel": False,
    "error": "",
    "failures": b"",
    "skipped_items": 0,
    "failed_items": 0,
    "finished": None,
}


def _keep_or_find(job: Job) -> Job | None:
    """Insert `job`; the one that already has its key, if there is one."""
    if job.key is not None and (existing := Job.objects.filter(key=job.key).first()):
        return existing
    try:
        with transaction.atomic():
            job.save(force_insert=True)
    except IntegrityError:
        return Job.objects.get(key=job.key)
    return None


def _insert_tasks(job: Job, specs: Iterable[TaskSpec]) -> None:
    """Each spec's items are packed as soon as they are read: only packed ones pile up."""
    total = 0
    known: set[str] = set()
    rows = _rows(job, specs)
    while chunk := list(islice(rows, _AT_ONCE)):
        sites = {row.site_id for row in chunk}
        _require_sites(sites - known)
        known |= sites
        Task.objects.bulk_create(chunk)
        total += sum(row.item_count for row in chunk)
    Job.objects.filter(pk=job.pk).update(total=total)


def _rows(job: Job, specs: Iterable[TaskSpec]) -> Iterator[Task]:
    now = timezone.now()
    for spec in specs:
        yield Task(
            job=job,
            step=spec.step,
            site_id=spec.site,
            args=dict(spec.args),
            items=packing.pack_items(spec.items),
            item_count=len(spec.items),
            priority=spec.priority,
            not_before=now,
        )


def _require_sites(names: set[str]) -> None:
    if HUB in names:
        Site.objects.get_or_create(name=HUB, defaults={"title": "Hub"})
    missing = names - set(Site.objects.filter(name__in=names).values_list("name", flat=True))
    if missing:
        raise NoSuchSite(f"There is no site called {min(missing)}.", site=min(missing))


def _uncount(job: Job, tasks: QuerySet[Task]) -> None:
    """Take what `tasks` counted out of the sums of `job`."""
    names = ("done_items", "skipped_items", "failed_items", "done_bytes")
    done, skipped, failed, size = tasks.aggregate(
        **{n: Coalesce(Sum(n), 0) for n in names}
    ).values()
    found = tasks.filter(item_count=0).aggregate(**{n: Coalesce(Sum(n), 0) for n in names[:3]})
    Job.objects.filter(pk=job.pk).update(
        total=F("total") - sum(found.values()),
        processed=F("processed") - done,
        skipped=F("skipped") - skipped,
        failed=F("failed") - failed,
        bytes=F("bytes") - size,
    )


def _locked(job: int, by: Actor) -> Job:
    """The job's row, locked, if `by` may do something to it."""
    row = Job.objects.select_for_update(no_key=True).filter(pk=job).first()
    if row is None or not may_see(by, row):
        raise NotFound(f"There is no job {job}.", job=job)
    if not may_change(by, row):
        raise Forbidden(f"Job {job} may be changed by who started it.", job=job)
    return row
