"""What a page may compare to know whether what it shows has changed: cheap, and equal as long as
nothing changed."""

from __future__ import annotations

import hashlib
from typing import Any

from django.db.models import Count, Max, Sum
from django.utils import timezone

from lagan.hub.base.actors import Actor
from lagan.hub.jobs.models import Job, SiteWorker, Task
from lagan.hub.jobs.presence import GONE_AFTER
from lagan.hub.jobs.rules import OPEN_JOBS, TaskState
from lagan.hub.jobs.visibility import may_see, seen_by
from lagan.kit.errors import NotFound

Mark = tuple[Any, ...]
_NUMBERS = ("processed", "skipped", "failed", "total")


def digest(mark: Mark) -> str:
    """A mark as a short text."""
    return hashlib.blake2b(repr(mark).encode(), digest_size=8).hexdigest()


def of_jobs(actor: Actor) -> Mark:
    """Of the jobs that `actor` may see: the newest, which are open, and how far these are."""
    seen = Job.objects.filter(seen_by(actor))
    newest = seen.aggregate(newest=Max("id"))["newest"]
    rows = seen.filter(state__in=OPEN_JOBS).order_by("id")
    open_jobs = list(rows.values_list("id", "state", "paused", *_NUMBERS))
    running = Task.objects.filter(
        job__in=[row[0] for row in open_jobs], state=TaskState.RUNNING
    ).aggregate(items=Sum("done_items"))["items"]
    return newest, open_jobs, running


def of_job(actor: Actor, id: int) -> Mark:
    """Of one job and its tasks; NotFound when there is none, or none for `actor`."""
    row = Job.objects.filter(pk=id).first()
    if row is None or not may_see(actor, row):
        raise NotFound(f"There is no job {id}.", job=id)
    states = Task.objects.filter(job=row).order_by("state").values_list("state")
    tasks = list(states.annotate(Count("id"), Sum("done_items"), Max("id")))
    numbers = [getattr(row, name) for name in _NUMBERS]
    return row.state, row.paused, row.finished, numbers, tasks


def of_sites(actor: Actor) -> Mark:
    """Of the sites: which workers are there."""
    since = timezone.now() - GONE_AFTER
    rows = SiteWorker.objects.filter(seen__gte=since).order_by("site", "name")
    return tuple(rows.values_list("site", "name"))
