"""Jobs with the documented fields."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.db.models import Count, Q, Sum
from django.http import HttpRequest

from lagan.hub.jobs import packing
from lagan.hub.jobs.models import Job, Task
from lagan.hub.jobs.rules import HUB, OPEN_TASKS, WALK, TaskState


def listed(request: HttpRequest, jobs: Sequence[Job]) -> list[dict[str, Any]]:
    """Jobs as lists show them, with what their running tasks report; one reading for all."""
    tasks = _tasks_of(jobs)
    return [_listed(request, job, tasks.get(job.pk, {})) for job in jobs]


def whole(request: HttpRequest, jobs: Sequence[Job]) -> list[dict[str, Any]]:
    """As `listed`, with how the paths were found and what the job was started on."""
    return [
        {**shown, "discovery": job.discovery, "paths": packing.unpack_items(job.paths)}
        for shown, job in zip(listed(request, jobs), jobs, strict=True)
    ]


def _tasks_of(jobs: Sequence[Job]) -> dict[int, dict[str, Any]]:
    """Of each job's running tasks the items that are done, and of its walks how many there are and
    how many still go on."""
    known = Task.objects.filter(job__in=[job.pk for job in jobs])
    sums = known.values("job").annotate(
        done=Sum("done_items", filter=Q(state=TaskState.RUNNING), default=0),
        walks=Count("id", filter=Q(stage=WALK)),
        walking=Count("id", filter=Q(stage=WALK, state__in=OPEN_TASKS)),
    )
    return {each["job"]: dict(each) for each in sums}


def _listed(request: HttpRequest, job: Job, tasks: dict[str, Any]) -> dict[str, Any]:
    return {
        "id": job.pk,
        "url": request.build_absolute_uri(f"/api/jobs/{job.pk}/"),
        "jobtype": job.kind,
        "owner": job.created_by_name,
        "site": job.site or HUB,
        "created": job.created,
        "state": job.state,
        "numfiles": job.total,
        "numprocessedfiles": job.processed + tasks.get("done", 0),
        "numskippedfiles": job.skipped,
        "numfailedfiles": job.failed,
        "num_dir_tasks": tasks.get("walks", 0),
        "dir_walk_complete": not tasks.get("walking", 0),
    }
