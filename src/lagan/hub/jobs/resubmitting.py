"""Repeating a job: a new one on the same paths, found in the same way, and never two in quick
succession."""

from __future__ import annotations

from datetime import timedelta

from django.db import transaction
from django.utils import timezone

from lagan.hub.audit.kinds import Kind
from lagan.hub.audit.services import record
from lagan.hub.base.actors import Actor
from lagan.hub.jobs import packing
from lagan.hub.jobs.errors import JobNotRepeatable
from lagan.hub.jobs.locking import locked
from lagan.hub.jobs.models import Job
from lagan.hub.jobs.rules import OPEN_JOBS
from lagan.hub.jobs.site_rights import require_run
from lagan.hub.jobs.starting import start
from lagan.hub.jobs.submission import Stage, Submission

SUCCESSION = timedelta(seconds=10)
"""A second call within this time is the first one, made twice."""


def resubmit(*, job: int, by: Actor) -> Job:
    """A new job that does the same again, and needs the workflow no more. The job itself while it
    is open; the repetition that there is while that is open or was just made.

    Source: seeds/workflow-hub.txt, POST /jobs/{id}/resubmit/ and DYNAMOHUB-239, 274.
    JobNotRepeatable for one that was not started on paths; Forbidden where one may no longer run
    anything.
    """
    with transaction.atomic():
        row = locked(job, by)
        if row.state in OPEN_JOBS:
            return row
        if not repeatable(row):
            raise JobNotRepeatable(f"Job {job} was not started on paths.", job=job)
        last = Job.objects.filter(resubmits=job).order_by("-id").first()
        if last and (last.state in OPEN_JOBS or last.created > timezone.now() - SUCCESSION):
            return last
        for site in {row.site, *(stage["site"] for stage in row.stages)}:
            require_run(by, site)
        again = start(submission=submission_of(row), by=by, repeats=job)
        record(kind=Kind.JOB_REPEATED, by=by, data={"job": job, "again": again.pk})
    return again


def repeatable(job: Job) -> bool:
    """Whether the job was started as a workflow on paths, so that it can be done once more."""
    return bool(job.stages)


def submission_of(job: Job) -> Submission:
    """What the job was started with."""
    return Submission(
        kind=job.kind,
        title=job.title,
        site=job.site,
        paths=packing.unpack_items(job.paths),
        stages=[Stage(each["step"], each["site"], each["args"]) for each in job.stages],
        discovery=job.discovery,
        fields=job.fields,
        filters=job.filters,
    )
