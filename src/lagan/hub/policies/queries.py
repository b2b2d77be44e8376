"""What is known of policies, for who may browse their sites."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import Any

from django.db.models import Max, QuerySet

from lagan.hsm.policy.definition import Policy as Definition
from lagan.hsm.policy.definition import check
from lagan.hub.base.actors import Actor
from lagan.hub.base.pages import Page, page_by_key
from lagan.hub.jobs import presence
from lagan.hub.jobs.site_rights import browsable
from lagan.hub.policies import rules
from lagan.hub.policies.models import Policy, Run
from lagan.kit.errors import NotFound


def visible(actor: Actor) -> QuerySet[Policy]:
    """The policies of sites that `actor` may browse, in the order in which they were made."""
    sites = [site.pk for site in browsable(actor)]
    return Policy.objects.filter(site__in=sites).select_related("site").order_by("id")


def policy(actor: Actor, id: int) -> Policy:
    """One of them; NotFound otherwise: what one may not browse looks absent."""
    row = visible(actor).filter(pk=id).first() if id < 2**63 else None
    if row is None:
        raise NotFound(f"There is no policy {id}.", id=id)
    return row


def definition(row: Policy) -> Definition:
    """What a policy says."""
    return check(row.definition)


def runs(actor: Actor, policy_id: int, after: str | None = None, size: int = 20) -> Page[Run]:
    """A policy's runs, the newest first."""
    rows = Run.objects.filter(policy=policy(actor, policy_id))
    return page_by_key(rows, keys=["-id"], after=after, size=size)


def run(actor: Actor, policy_id: int, id: int) -> Run:
    """One run of a policy; NotFound otherwise."""
    rows = Run.objects.filter(policy=policy(actor, policy_id), pk=id) if id < 2**63 else None
    row = rows.first() if rows is not None else None
    if row is None:
        raise NotFound(f"Policy {policy_id} has no run {id}.", id=id)
    return row


def last_runs(policies: Iterable[Policy], dry: bool = False) -> dict[int, Run]:
    """The last run of each policy; one reading."""
    rows = Run.objects.filter(policy__in=list(policies), dry=dry)
    newest = rows.values("policy").annotate(last=Max("id")).values("last")
    return {row.policy_id: row for row in Run.objects.filter(pk__in=newest)}


def filesystems(site: str | None = None) -> dict[str, list[Mapping[str, Any]]]:
    """How full the filesystems of a site, or of every site, are (see
    `lagan.worker.site.fullness.told`), as its workers told some seconds ago, by path. A site of
    which no worker is there is missing."""
    told: dict[str, dict[str, Mapping[str, Any]]] = {}
    there = [worker for worker in presence.workers(site) if worker.online]
    for worker in sorted(there, key=lambda worker: worker.seen):
        told.setdefault(worker.site, {}).update(
            {str(each["path"]): each for each in worker.filesystems}
        )
    return {site: [held[path] for path in sorted(held)] for site, held in told.items()}


def filesystems_of_each(rows: Collection[Policy]) -> dict[int, list[Mapping[str, Any]]]:
    """Those that each policy is about; two readings for all."""
    told = filesystems() if rows else {}
    return {row.pk: rules.about(definition(row).paths, told.get(row.site.name, [])) for row in rows}


def roots(site: str) -> list[str]:
    """The folders that a site's workers open, as they told; empty while none is there."""
    there = (worker for worker in presence.workers(site) if worker.online)
    return sorted({root for worker in there for root in worker.roots})
