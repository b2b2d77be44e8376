"""What the walk of a job is told: the filters, whether folders are wanted too, and, of a walk for
changes, since when."""

from __future__ import annotations

import hashlib
import json
from typing import Any

from lagan.hub.jobs.models import Job, Task
from lagan.hub.jobs.rules import WALK, JobState, TaskState
from lagan.hub.jobs.submission import Submission
from lagan.worker.catalogue import BY_NAME

SNAPDIFF = "snapdiff"

REMOVES = "hsm.delete"
"""The step that is given folders too, each after what is in it: a workflow that begins with it
removes whole folders."""
SENDS = "hsm.send"
"""The step that carries what folders wear: it is given them too, unless only some files are meant.
"""


def walk_args(submission: Submission) -> dict[str, Any]:
    """The arguments of a submission's walk (see `lagan.worker.site.walking`, `.snapshots`)."""
    args: dict[str, Any] = {"filters": dict(submission.filters)}
    if submission.discovery == SNAPDIFF:
        key = key_of(submission)
        return {**args, "key": key, "since": last_listing(submission, key)}
    step = BY_NAME.get(submission.stages[0].step)
    if step is not None and step.name == REMOVES:
        args["folders"] = True
    elif step is not None and step.name == SENDS and not submission.filters:
        args["with_folders"] = True
    return args


def job_args(submission: Submission) -> dict[str, Any]:
    """What a submission's job keeps so that a later one finds it; see `last_listing`."""
    return {SNAPDIFF: key_of(submission)} if submission.discovery == SNAPDIFF else {}


def key_of(submission: Submission) -> str:
    """The same for what is the same work: a workflow with the same steps and fields, at the same
    site, on the same paths, through the same filters. 64 hexadecimal digits."""
    stages = [stage.as_json() for stage in submission.stages]
    paths = sorted({path.rstrip("/") for path in submission.paths})
    work = [submission.kind, submission.site, paths, dict(submission.filters), stages]
    return hashlib.sha256(json.dumps(work, sort_keys=True).encode()).hexdigest()


def last_listing(submission: Submission, key: str) -> str | None:
    """The listing that the last run of the same work saved, of those that ended as a success. What
    a run that failed had found counts as changed still."""
    job = (
        Job.objects.filter(
            kind=submission.kind,
            site=submission.site,
            discovery=SNAPDIFF,
            state=JobState.SUCCESS,
            args__snapdiff=key,
        )
        .order_by("-id")
        .values_list("id", flat=True)
        .first()
    )
    walks = Task.objects.filter(job=job, stage=WALK, state=TaskState.DONE, args__key=key)
    # The first walk: what a later one saw may be a part, or newer than what the job worked on.
    result = walks.order_by("id").values_list("result", flat=True).first() if job else None
    listing = (result or {}).get("listing")
    return listing if isinstance(listing, str) else None
