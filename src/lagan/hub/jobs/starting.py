"""Starting a checked workflow: the job, and its first walks or batches."""

from __future__ import annotations

from collections.abc import Iterator

from django.db import transaction
from django.db.models import F

from lagan.hub.audit.kinds import Kind
from lagan.hub.audit.services import record
from lagan.hub.base.actors import Actor
from lagan.hub.jobs import ending, packing, rows, rules
from lagan.hub.jobs.changes import announce
from lagan.hub.jobs.errors import JobOfAnother
from lagan.hub.jobs.locking import locked
from lagan.hub.jobs.models import Job
from lagan.hub.jobs.submission import Submission
from lagan.hub.jobs.walks import job_args, walk_args
from lagan.worker.catalogue import BY_NAME


def start(
    *,
    submission: Submission,
    by: Actor,
    key: str | None = None,
    job: int | None = None,
    repeats: int | None = None,
) -> Job:
    """Make the job of a submission, or give more work to an existing `job` of the same workflow and
    site. A known `key` gives its work to the job that has the key (one recall job an hour).
    `repeats` is the job of which it is a repetition.

    NoSuchSite for an unknown site; JobOfAnother when `job` is of another workflow, site or way of
    discovery.
    """
    with transaction.atomic():
        row, made = _job(submission, by, key, job, repeats)
        _require_same(row, submission)
        if row.outside:
            _adopt(row, submission)
        elif not made:
            paths = [*packing.unpack_items(row.paths), *submission.paths]
            row.paths = packing.pack_items(list(dict.fromkeys(paths)))
            row.save(update_fields=["paths"])
        total = rows.insert(row, _first_tasks(row, submission, by))
        Job.objects.filter(pk=row.pk).update(total=F("total") + total)
        _reopen(row)
        facts = {"job": row.pk, "kind": row.kind, "title": row.title, "site": row.site}
        record(kind=Kind.JOB_CREATED if made else Kind.JOB_EXTENDED, by=by, data=facts)
        ending.end_if_over(row)
        announce()
    row.refresh_from_db()
    return row


def _job(
    submission: Submission, by: Actor, key: str | None, job: int | None, repeats: int | None
) -> tuple[Job, bool]:
    """The job that has the work, locked, and whether it was made for it."""
    if job is not None:
        return locked(job, by), False
    row = _new(submission, by, key, repeats)
    known = rows.keep_or_find(row)
    return (ending.lock(known.pk), False) if known else (row, True)


def _new(submission: Submission, by: Actor, key: str | None, repeats: int | None) -> Job:
    return Job(
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
        resubmits=repeats,
        args=job_args(submission),
    )


def _require_same(job: Job, submission: Submission) -> None:
    """One job is one workflow with one set of fields and one way to find its paths: its pages and
    its sums speak of one thing, and it can be repeated."""
    if (job.kind, job.site) != (submission.kind, submission.site):
        raise JobOfAnother(
            f"Job {job.pk} is {job.kind} at {job.site}, not {submission.kind} at"
            f" {submission.site}.",
            job=job.pk,
        )
    if job.outside:
        return
    stages = [stage.as_json() for stage in submission.stages]
    if job.stages != stages:
        raise JobOfAnother(f"Job {job.pk} was started with other steps or fields.", job=job.pk)
    if (job.discovery, job.filters) != (submission.discovery, dict(submission.filters)):
        raise JobOfAnother(f"Job {job.pk} finds its paths in another way.", job=job.pk)


def _adopt(job: Job, submission: Submission) -> None:
    """From now on the job is ours: what somebody told of it before is not counted."""
    job.outside = False
    job.stages = [stage.as_json() for stage in submission.stages]
    job.discovery, job.fields = submission.discovery, dict(submission.fields)
    job.filters, job.paths = dict(submission.filters), packing.pack_items(submission.paths)
    job.args = {**job.args, **job_args(submission)}
    job.total = job.processed = job.skipped = job.failed = 0
    job.save()


def _reopen(job: Job) -> None:
    Job.objects.filter(pk=job.pk).exclude(state__in=rules.OPEN_JOBS).update(
        state=rules.JobState.STARTED, finished=None
    )


def _first_tasks(job: Job, submission: Submission, by: Actor) -> Iterator[rows.TaskSpec]:
    """A walk over the paths, or batches of the paths themselves."""
    walked = submission.discovery is not None
    paths = rules.apart(submission.paths, walked=walked)
    urgency = max(submission.priority, _priority(submission, by))
    if walked:
        yield rows.TaskSpec(
            step=f"discover.{submission.discovery}",
            site=submission.site,
            args=walk_args(submission),
            items=paths,
            priority=urgency,
            stage=rules.WALK,
        )
        return
    first = submission.stages[0]
    for batch in rules.batches((path, 0) for path in paths):
        yield rows.TaskSpec(first.step, first.site, first.args, batch, urgency)


def _priority(submission: Submission, by: Actor) -> int:
    known = (BY_NAME.get(stage.step) for stage in submission.stages)
    return rules.priority(
        steps=[step.name for step in known if step],
        few=submission.discovery is None and len(submission.paths) <= rules.FEW,
        person=by.entity is not None,
    )
