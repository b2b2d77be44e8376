"""Tells the broker of tasks that are due, a few for each site: what waits in the rows can still
be cancelled and overtaken."""

from __future__ import annotations

import logging
from typing import Protocol

from django.db.models import Q
from django.db.models.functions import Now

from lagan.hub.base.locks import advisory
from lagan.hub.jobs.models import Site, Task
from lagan.hub.jobs.rules import TaskState
from lagan.kit.errors import Unavailable

log = logging.getLogger(__name__)

WINDOW = 4
"""Messages on their way or being worked on, for each task that the site may run."""


class Publisher(Protocol):
    """Hands a hint to a broker."""

    def publish(self, site: str, task_id: int, attempt: int) -> None:
        """Return when the broker has confirmed it; Unavailable when it does not."""


def dispatch(publisher: Publisher) -> int:
    """Publish what there is room for and say how much that was. A row is marked after the
    broker's confirmation: dying between the two sends a message twice, and the second one claims
    nothing."""
    with advisory("jobs.dispatch") as held:
        if not held:
            return 0
        try:
            return sum(_dispatch_to(site, publisher) for site in list(Site.objects.all()))
        except Unavailable as error:
            log.warning("%s", error.sentence)
            return 0


def _dispatch_to(site: Site, publisher: Publisher) -> int:
    tasks = Task.objects.filter(site=site)
    queued = Q(state=TaskState.QUEUED)
    due = tasks.filter(queued, published=None, not_before__lte=Now()).order_by("-priority", "id")
    if not due.exists():
        return 0
    out = tasks.filter(Q(state=TaskState.RUNNING) | queued & Q(published__isnull=False)).count()
    hints = list(due.values_list("pk", "attempt")[: max(0, site.limit * WINDOW - out)])
    for task, attempt in hints:
        publisher.publish(site.name, task, attempt)
        tasks.filter(queued, pk=task, attempt=attempt).update(published=Now())
    return len(hints)
