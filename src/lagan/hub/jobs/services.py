"""What is done to jobs: asked for, cancelled, tried again. Rows first; whoever runs them learns
of it after the commit."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from django.db import transaction

from lagan.hub.audit.kinds import Kind
from lagan.hub.audit.services import record
from lagan.hub.base.actors import Actor
from lagan.hub.jobs import ending
from lagan.hub.jobs.changes import announce
from lagan.hub.jobs.errors import JobOver
from lagan.hub.jobs.holding import pause, resume
from lagan.hub.jobs.locking import locked
from lagan.hub.jobs.models import Job, Site, Task
from lagan.hub.jobs.outside import note_outside, tell
from lagan.hub.jobs.questions import ask
from lagan.hub.jobs.resubmitting import resubmit
from lagan.hub.jobs.retention import delete
from lagan.hub.jobs.retrying import retry
from lagan.hub.jobs.rows import TaskSpec, insert, keep_or_find
from lagan.hub.jobs.rules import OPEN_JOBS, JobState, TaskState
from lagan.hub.jobs.starting import start
from lagan.hub.jobs.submission import Stage, Submission

__all__ = [
    "Stage",
    "Submission",
    "TaskSpec",
    "ask",
    "cancel",
    "create_job",
    "delete",
    "ensure_site",
    "note_outside",
    "pause",
    "resubmit",
    "resume",
    "retry",
    "start",
    "tell",
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
    """Take back what is not running yet and ask what runs to stop; it does within a beat. What was
    done stays done. JobOver for an ended job."""
    with transaction.atomic():
        row = locked(job, by)
        if row.state not in OPEN_JOBS:
            raise JobOver(f"Job {job} has ended already: {row.state}.", job=job)
        tasks = Task.objects.filter(job=row)
        ending.cancel_tasks(tasks.filter(state__in=(TaskState.QUEUED, TaskState.HELD)))
        tasks.filter(state=TaskState.RUNNING).update(cancel=True)
        Job.objects.filter(pk=row.pk).update(paused=None)
        if row.outside:
            ending.end(row, JobState.CANCELLED)
        ending.end_if_over(row)
        record(kind=Kind.JOB_CANCELLED, by=by, data={"job": job})
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
