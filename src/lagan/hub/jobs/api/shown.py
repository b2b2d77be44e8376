"""Jobs with the documented fields."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.http import HttpRequest

from lagan.hub.jobs import packing
from lagan.hub.jobs.models import Job
from lagan.hub.jobs.queries import Reported, reported
from lagan.hub.jobs.rules import HUB


def listed(request: HttpRequest, jobs: Sequence[Job]) -> list[dict[str, Any]]:
    """Jobs as lists show them, with what their running tasks report; a few readings for all."""
    more = reported(jobs)
    return [_listed(request, job, more[job.pk]) for job in jobs]


def whole(request: HttpRequest, jobs: Sequence[Job]) -> list[dict[str, Any]]:
    """As `listed`, with how the paths were found and what the job was started on."""
    return [
        {**shown, "discovery": job.discovery, "paths": packing.unpack_items(job.paths)}
        for shown, job in zip(listed(request, jobs), jobs, strict=True)
    ]


def _listed(request: HttpRequest, job: Job, more: Reported) -> dict[str, Any]:
    return {
        "id": job.pk,
        "url": request.build_absolute_uri(f"/api/jobs/{job.pk}/"),
        "jobtype": job.kind,
        "owner": job.created_by_name,
        "site": job.site or HUB,
        "created": job.created,
        "state": job.state,
        "numfiles": job.total,
        "numprocessedfiles": job.processed + more.items,
        "numskippedfiles": job.skipped,
        "numfailedfiles": job.failed,
        "num_dir_tasks": more.walks,
        "dir_walk_complete": not more.walking,
    }
