"""Starting a checked workflow: the job, and its first walks or batches."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.db import transaction
from django.db.models import F
from django.db.models.functions import Now

from lagan.hub.audit.kinds import Kind
from lagan.hub.audit.services import record
from lagan.hub.base.actors import Actor
from lagan.hub.jobs import ending, packing, rows, rules
from lagan.hub.jobs.changes import announce
from lagan.hub.jobs.errors import JobOfAnother
from lagan.hub.jobs.models import Job
from lagan.hub.jobs.submission import Submission
from lagan.hub.jobs.visibility import may_change, may_see
from lagan.kit.errors import Forbidden, NotFound


def start(
    *, submission: Submission, by: Actor, key: str | None = None, job: int | None = None
) -> Job:
    """Make the job of a submission, or give more work to an existing `job` of the same workflow and
    site. A known `key` gives its work to the job that has the key (one recall job an hour).

    NoSuchSite for an unknown site; JobOfAnother when `job` is of another workflow or site.
    """
    with transaction.atomic():
        row = _existing(job, key, by) or _new(submission, by, key)
        _require_same(row, submission)
        fresh = not row.stages
        if fresh:
            row.stages = [stage.as_json() for stage in submission.stages]
            row.save(update_fields=["stages"])
        total = rows.insert(row, _first_tasks(row, submission))
        Job.objects.filter(pk=row.pk).update(total=F("total") + total, outside=False)
        _reopen(row)
        facts = {"job": row.pk, "kind": row.kind, "title": row.title, "site": row.site}
        record(kind=Kind.JOB_CREATED, by=by, data=facts)
        ending.end_if_over(row)
        announce()
    row.refresh_from_db()
    return row


def _existing(job: int | None, key: str | None, by: Actor) -> Job | None:
    found = Job.objects.select_for_update(no_key=True)
    if job is not None:
        row = found.filter(pk=job).first()
        if row is None or not may_see(by, row):
            raise NotFound(f"There is no job {job}.", job=job)
        if not may_change(by, row):
            raise Forbidden(f"Job {job} may be changed by who started it.", job=job)
        return row
    return found.filter(key=key).first() if key is not None else None


def _new(submission: Submission, by: Actor, key: str | None) -> Job:
    job = Job(
        kind=submission.kind,
        title=submission.title,
        site=submission.site,
        created_by=by.entity,
        created_by_name=by.name,
        key=key,
        discovery=submission.discovery,
        fields=dict(submission.fields),
        filters=dict(submission.filters),
        paths=packing.pack_items(submission.paths),
        stages=[stage.as_json() for stage in submission.stages],
    )
    return rows.keep_or_find(job) or job


def _require_same(job: Job, submission: Submission) -> None:
    """One job is one workflow with one set of fields: its pages and its sums speak of one thing."""
    stages = [stage.as_json() for stage in submission.stages]
    if job.stages and job.stages != stages:
        raise JobOfAnother(f"Job {job.pk} was started with other steps or fields.", job=job.pk)
    if (job.kind, job.site) != (submission.kind, submission.site):
        raise JobOfAnother(
            f"Job {job.pk} is {job.kind} at {job.site}, not {submission.kind} at"
            f" {submission.site}.",
            job=job.pk,
        )


def _reopen(job: Job) -> None:
    Job.objects.filter(pk=job.pk).exclude(state__in=rules.OPEN_JOBS).update(
        state=rules.JobState.STARTED, started=Now(), finished=None
    )


def _first_tasks(job: Job, submission: Submission) -> Iterator[rows.TaskSpec]:
    """A walk over the paths, or batches of the paths themselves."""
    if submission.discovery is not None:
        yield rows.TaskSpec(
            step=f"discover.{submission.discovery}",
            site=submission.site,
            args=walk_args(submission),
            items=submission.paths,
            priority=submission.priority,
            stage=rules.WALK,
        )
        return
    first = submission.stages[0]
    for batch in rules.batches((path, 0) for path in submission.paths):
        yield rows.TaskSpec(first.step, first.site, first.args, batch, submission.priority)


def walk_args(submission: Submission) -> dict[str, Any]:
    """What a walk is told besides its folders: the filters."""
    return {"filters": dict(submission.filters)}
