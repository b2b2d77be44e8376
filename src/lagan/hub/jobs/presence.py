"""Which workers serve which sites, as they tell of themselves."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import Count
from django.db.models.functions import Now
from django.utils import timezone

from lagan.hub.jobs.models import Site, SiteWorker, Task
from lagan.hub.jobs.rules import TaskState
from lagan.worker.ledger import WorkerFacts

GONE_AFTER = timedelta(seconds=45)
"""A worker that said nothing for so long is not there: it speaks every ten seconds."""

FORGOTTEN_AFTER = timedelta(days=7)
_KEPT = 5
"""Workers of one machine that are gone and still remembered: one that fails at its start comes back
under a new name every few seconds."""


@dataclass(frozen=True, slots=True)
class WorkerRow:
    """A worker as lists show it. `online`: it was heard of a moment ago. `running` is counted by
    the rows of tasks, `load` the machine's of the last minute, per processor."""

    site: str
    name: str
    host: str
    version: str
    transport: str
    threads: int
    running: int
    load: float
    roots: Sequence[str]
    filesystems: Sequence[Mapping[str, Any]]
    started: datetime
    seen: datetime
    online: bool


def note(facts: WorkerFacts) -> None:
    """Keep what a worker told of itself."""
    told = {key: value for key, value in asdict(facts).items() if key not in ("name", "sites")}
    with transaction.atomic():
        sites = Site.objects.filter(name__in=facts.sites)
        sites.update(seen=Now(), worker=facts.name)
        for site in sites:
            _, is_new = SiteWorker.objects.update_or_create(
                site=site, name=facts.name, defaults={"facts": told, "seen": Now()}
            )
            if is_new:
                _forget_others(site, facts.host)


def is_online(site: str) -> bool:
    """Whether a worker of the site was heard of a moment ago."""
    heard = SiteWorker.objects.filter(site__name=site, seen__gte=Now() - GONE_AFTER)
    return heard.exists()


def online() -> set[str]:
    """The names of all sites that a worker of was heard a moment ago."""
    heard = SiteWorker.objects.filter(seen__gte=Now() - GONE_AFTER)
    return set(heard.values_list("site__name", flat=True).distinct())


def workers(site: str | None = None) -> list[WorkerRow]:
    """The workers of a site, or of all; those that are there come first, then by name."""
    rows = SiteWorker.objects.select_related("site")
    if site is not None:
        rows = rows.filter(site__name=site)
    now, found = timezone.now(), list(rows.order_by("site__name", "name"))
    running = _running({row.site.name for row in found})
    told = [_row(each, now, running) for each in found]
    return sorted(told, key=lambda each: (each.site, not each.online, each.name))


def forget_gone() -> None:
    """Forget workers that have been silent for a week."""
    SiteWorker.objects.filter(seen__lt=Now() - FORGOTTEN_AFTER).delete()


def _forget_others(site: Site, host: str) -> None:
    gone = SiteWorker.objects.filter(
        site=site, facts__host=host, seen__lt=Now() - GONE_AFTER
    ).order_by("-seen", "-pk")
    SiteWorker.objects.filter(pk__in=list(gone.values_list("pk", flat=True)[_KEPT:])).delete()


def _running(sites: Iterable[str]) -> dict[tuple[str, str], int]:
    """How many tasks each worker runs: site and name to number."""
    tasks = Task.objects.filter(site_id__in=list(sites), state=TaskState.RUNNING)
    counted = tasks.values_list("site_id", "worker").annotate(Count("id"))
    return {(site, worker): count for site, worker, count in counted}


def _row(row: SiteWorker, now: datetime, running: dict[tuple[str, str], int]) -> WorkerRow:
    facts = row.facts
    return WorkerRow(
        site=row.site.name,
        name=row.name,
        host=facts.get("host", ""),
        version=facts.get("version", ""),
        transport=facts.get("transport", ""),
        threads=facts.get("threads", 0),
        running=running.get((row.site.name, row.name), 0),
        load=facts.get("load", 0.0),
        roots=facts.get("roots", []),
        filesystems=facts.get("filesystems", []),
        started=row.started,
        seen=row.seen,
        online=row.seen >= now - GONE_AFTER,
    )
