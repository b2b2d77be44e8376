"""What is done to jobs: asked for, cancelled, tried again. Rows first; whoever runs them learns
of it after the commit."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from django.db import transaction
from django.db.models import F, Q, QuerySet, Sum
from django.db.models.functions import Coalesce

from lagan.hub.audit.kinds import Kind
from lagan.hub.audit.services import record
from lagan.hub.base.actors import Actor
from lagan.hub.jobs import ending
from lagan.hub.jobs.changes import announce
from lagan.hub.jobs.errors import JobNotOver, JobOver
from lagan.hub.jobs.ledger import put_back
from lagan.hub.jobs.models import Job, Site, Task
from lagan.hub.jobs.questions import ask
from lagan.hub.jobs.rows import TaskSpec, insert, keep_or_find
from lagan.hub.jobs.rules import OPEN_JOBS, JobState, TaskState
from lagan.hub.jobs.starting import start
from lagan.hub.jobs.submission import Stage, Submission
from lagan.hub.jobs.visibility import may_change, may_see
from lagan.kit.errors import Forbidden, NotFound

__all__ = [
    "Stage",
    "Submission",
    "TaskSpec",
    "ask",
    "cancel",
    "create_job",
    "ensure_site",
    "retry",
    "start",
]


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
        if existing := keep_or_find(job):
            return existing
        Job.objects.filter(pk=job.pk).update(total=insert(job, tasks))
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
