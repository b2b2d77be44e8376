"""Who takes part in a target, and which sites are put together in it."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils import timezone

from lagan.hub.archive import services as archive
from lagan.hub.audit.kinds import Kind
from lagan.hub.audit.services import record
from lagan.hub.base.actors import Actor
from lagan.hub.jobs import queries as jobs
from lagan.hub.jobs.site_rights import require_administer
from lagan.hub.targets.errors import BadTarget
from lagan.hub.targets.models import Participant, Target
from lagan.kit.errors import NotFound
from lagan.store.journal import NoteLine

TOGETHER = "target-together"
"""The kind of the journal's lines about who is together."""
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")


def participant(target: str, site: str) -> Participant:
    """The site in the target of that name; both are made when they are not there yet."""
    found = Participant.objects.filter(target__name=target, site=site).select_related("target")
    if (row := found.first()) is not None:
        return row
    if not _NAME.fullmatch(target):
        raise BadTarget(f"Not the name of a target: {target[:80]!a}.", field="target")
    with transaction.atomic():
        home, _ = Target.objects.get_or_create(name=target)
        row, _ = Participant.objects.get_or_create(target=home, site=site)
    row.target = home
    return row


def readable(asker: Participant) -> list[int]:
    """Whose objects and notes somebody reads: its own, and those of who is together with it."""
    if not asker.together:
        return [asker.pk]
    seen = Q(pk=asker.pk) | Q(target=asker.target_id, together=True)
    return list(Participant.objects.filter(seen).values_list("pk", flat=True))


def put_together(*, by: Actor, target: str, sites: Sequence[str]) -> Target:
    """Have exactly `sites` read each other's objects in a target, which is made when it is not
    there; an empty list keeps every site to its own. For administrators. NotFound names a site that
    is none."""
    require_administer(by)
    known = {each.name for each in jobs.sites()}
    for site in sites:
        if site not in known:
            raise NotFound(f"There is no site called {site}.", site=site)
    with transaction.atomic():
        for site in sites:
            participant(target, site)
        row = Target.objects.select_for_update().filter(name=target).first()
        if row is None:
            raise NotFound(f"There is no target called {target}.", target=target)
        _set_together(row, sites)
        data = {"target": target, "sites": sorted(sites)}
        record(kind=Kind.TARGET_SHARED, by=by, data=data)
        now = timezone.now()
        note = NoteLine(TOGETHER, {**data, "told": now.isoformat()}, now.timestamp())
        archive.note_everywhere(notes=[note])
    return row


def adopt_together(data: Mapping[str, Any]) -> None:
    """Take in what a journal says of the sites that are together in a target; the last word
    counts, and notes come in the order of their times."""
    for site in data["sites"]:
        participant(data["target"], site)
    row = Target.objects.filter(name=data["target"]).first()
    if row is not None:
        _set_together(row, data["sites"])


def _set_together(row: Target, sites: Sequence[str]) -> None:
    rows = Participant.objects.filter(target=row)
    rows.filter(site__in=sites).update(together=True)
    rows.exclude(site__in=sites).update(together=False)


def participants(by: Actor) -> QuerySet[Participant]:
    """Every site in every target, by name; for administrators."""
    require_administer(by)
    return Participant.objects.select_related("target").order_by("target__name", "site")
