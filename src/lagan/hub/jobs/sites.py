"""The sites: who sees them, and what an administrator does to them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import QuerySet

from lagan.hub.audit.kinds import Kind
from lagan.hub.audit.services import record
from lagan.hub.base.actors import Actor
from lagan.hub.jobs import presence
from lagan.hub.jobs.errors import SiteInUse, SiteTaken
from lagan.hub.jobs.models import Job, Question, Site, Task
from lagan.hub.jobs.presence import WorkerRow
from lagan.hub.jobs.rules import HUB, OPEN_JOBS, OPEN_TASKS
from lagan.hub.jobs.site_rights import browsable, may_administer, require_administer
from lagan.hub.tree.queries import path_of_entity
from lagan.kit.errors import BadInput, NotFound

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
"""What a queue, a systemd unit and an address can all be called."""

MOST_ADDRESSES, MOST_AT_ONCE = 100, 10_000


def visible(actor: Actor) -> QuerySet[Site]:
    """The sites that `actor` may browse, all for an administrator, by name. The hub itself is no
    place where people keep files."""
    sites = Site.objects.exclude(name=HUB).order_by("name")
    if may_administer(actor):
        return sites
    return sites.filter(pk__in=[site.pk for site in browsable(actor)])


def site(actor: Actor, id: int) -> Site:
    """One of them, else NotFound."""
    row = visible(actor).filter(pk=id).first() if id < 2**63 else None
    if row is None:
        raise NotFound(f"There is no site {id}.", id=id)
    return row


def administered(actor: Actor, id: int) -> Site:
    """The site, for an administrator. Forbidden for who only sees it, else NotFound."""
    row = site(actor, id)
    require_administer(actor)
    return row


def workers(actor: Actor, id: int) -> list[WorkerRow]:
    """The workers of a site that `actor` sees; those that are there come first."""
    return presence.workers(site(actor, id).name)


def add_site(
    *,
    by: Actor,
    name: str,
    title: str = "",
    limit: int | None = None,
    place: int | None = None,
    addresses: Iterable[str] = (),
) -> Site:
    """A new site. BadInput names the field that is wrong, SiteTaken a name that another has."""
    require_administer(by)
    given = {"title": title, "limit": limit, "place": place, "addresses": addresses}
    fields = _checked({"name": name, **{k: v for k, v in given.items() if v is not None}})
    with transaction.atomic():
        row = _saved(Site(**fields))
        record(kind=Kind.SITE_ADDED, by=by, data={"site": row.name})
    return row


def change_site(*, by: Actor, site: int, **changes: Any) -> Site:
    """Change `name`, `title`, `limit`, `place` or `addresses`. A site is renamed only while it has
    no open work, and its workers must be told the new name; ended jobs keep the old one."""
    require_administer(by)
    fields = _checked(changes)
    with transaction.atomic():
        row = _locked(by, site)
        if fields.get("name", row.name) != row.name:
            _require_idle(row, "is renamed")
            Question.objects.filter(site_id=row.name).delete()
        for name, value in fields.items():
            setattr(row, name, value)
        _saved(row)
        record(kind=Kind.SITE_CHANGED, by=by, data={"site": row.name, "fields": sorted(fields)})
    return row


def remove_site(*, by: Actor, site: int) -> None:
    """Remove a site with its keys, and what is known of its workers. SiteInUse while work for it is
    open; the records of ended jobs stay, and the files at the site are not touched."""
    require_administer(by)
    with transaction.atomic():
        row = _locked(by, site)
        _require_idle(row, "is removed")
        row.delete()
        record(kind=Kind.SITE_REMOVED, by=by, data={"site": row.name})


def _locked(by: Actor, id: int) -> Site:
    site(by, id)
    return Site.objects.select_for_update().get(pk=id)


def _require_idle(row: Site, what: str) -> None:
    """Work that is there, and stages of open jobs that are still to come."""
    waiting = Task.objects.filter(site_id=row.name, state__in=OPEN_TASKS).exists()
    coming = Job.objects.filter(state__in=OPEN_JOBS).exclude(stages=[])
    stages = (stage for stages in coming.values_list("stages", flat=True) for stage in stages)
    if waiting or any(stage["site"] == row.name for stage in stages):
        raise SiteInUse(f"{row.name} has open jobs; it {what} when they have ended.", site=row.name)


def _saved(row: Site) -> Site:
    try:
        with transaction.atomic():
            row.save()
    except IntegrityError:
        raise SiteTaken(f"There is a site called {row.name} already.", field="name") from None
    return row


def _checked(given: dict[str, Any]) -> dict[str, Any]:
    """The fields in the form in which they are kept."""
    if unknown := given.keys() - _CHECKS.keys():
        raise BadInput(f"A site has no {min(unknown)}.", field=min(unknown))
    return {name: _CHECKS[name](value) for name, value in given.items()}


def _name(name: str) -> str:
    if name == HUB:
        raise SiteTaken(f"{HUB!r} is the hub's own name.", field="name")
    if not _NAME.fullmatch(name):
        raise BadInput(
            "A site's name has up to 64 letters, digits, dots, dashes and underscores, and begins"
            " with a letter or digit.",
            field="name",
        )
    return name


def _title(title: str) -> str:
    if not title.isprintable() or len(title) > 200:
        raise BadInput("A title has up to 200 letters, all of which can be shown.", field="title")
    return title.strip()


def _limit(limit: int) -> int:
    if not 1 <= limit <= MOST_AT_ONCE:
        raise BadInput(f"1 to {MOST_AT_ONCE} tasks may run at once.", field="limit")
    return limit


def _place(place: int | None) -> int | None:
    if place is not None and path_of_entity(place) is None:
        raise BadInput(f"There is no entity {place} in the tree.", field="place")
    return place


def _addresses(addresses: Sequence[str]) -> list[str]:
    kept = list(dict.fromkeys(each.strip() for each in addresses if each.strip()))
    odd = [each for each in kept if not each.isprintable() or " " in each or len(each) > 255]
    if odd or len(kept) > MOST_ADDRESSES:
        raise BadInput(
            f"Up to {MOST_ADDRESSES} network addresses, each without spaces.", field="addresses"
        )
    return kept


_CHECKS: dict[str, Any] = {
    "name": _name,
    "title": _title,
    "limit": _limit,
    "place": _place,
    "addresses": _addresses,
}
