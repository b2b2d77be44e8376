"""Which workers serve which sites, as they tell of themselves."""

from __future__ import annotations

from dataclasses import asdict
from datetime import timedelta

from django.db import transaction
from django.db.models.functions import Now
from django.utils import timezone

from lagan.hub.jobs.models import Site, SiteWorker
from lagan.worker.ledger import WorkerFacts

GONE_AFTER = timedelta(seconds=45)
"""A worker that said nothing for so long is not there: it speaks every ten seconds."""

FORGOTTEN_AFTER = timedelta(days=7)


def note(facts: WorkerFacts) -> None:
    """Keep what a worker told of itself."""
    told = {key: value for key, value in asdict(facts).items() if key not in ("name", "sites")}
    with transaction.atomic():
        sites = Site.objects.filter(name__in=facts.sites)
        sites.update(seen=Now(), worker=facts.name)
        for site in sites:
            SiteWorker.objects.update_or_create(
                site=site, name=facts.name, defaults={"facts": told, "seen": timezone.now()}
            )


def is_online(site: str) -> bool:
    """Whether a worker of the site was heard of a moment ago."""
    since = timezone.now() - GONE_AFTER
    return SiteWorker.objects.filter(site__name=site, seen__gte=since).exists()


def forget_gone() -> int:
    """Forget workers that have been silent for a week; how many."""
    return SiteWorker.objects.filter(seen__lt=timezone.now() - FORGOTTEN_AFTER).delete()[0]
