"""Who may do what at which site: one rule for the single check and for the list.

Browsing needs TASK_READ at the site's place in the tree, running something TASK_CREATE there;
sites, workflows and file status types are looked after with TASK_CHANGE on the root. A site without
a place, or whose place is gone, is at the root.
"""

from __future__ import annotations

from lagan.hub.base.actors import Actor
from lagan.hub.jobs.models import Site
from lagan.hub.tree.permissions import Permission
from lagan.hub.tree.queries import allowed, holds, may, path_of_entity, rows
from lagan.hub.tree.rules import ids_in
from lagan.kit.errors import Forbidden, NotFound


def require_browse(actor: Actor, site: str) -> Site:
    """The site, if `actor` may look into its folders. NotFound otherwise: what one may not browse
    looks absent."""
    row = Site.objects.filter(name=site).first()
    if row is None or not _holds(actor, Permission.TASK_READ, row.place):
        raise NotFound(f"There is no site called {site!r}.", site=site)
    return row


def require_run(actor: Actor, site: str) -> Site:
    """The site, if `actor` may run workflows there. Forbidden for who only may browse it, else
    NotFound."""
    row = Site.objects.filter(name=site).first()
    if row is not None and _holds(actor, Permission.TASK_CREATE, row.place):
        return row
    if row is not None and _holds(actor, Permission.TASK_READ, row.place):
        raise Forbidden(
            f"Running something at {site} needs {Permission.TASK_CREATE}.",
            site=site,
            permission=str(Permission.TASK_CREATE),
        )
    raise NotFound(f"There is no site called {site!r}.", site=site)


def require_administer(actor: Actor) -> None:
    """Forbidden unless `actor` looks after sites, workflows and file status types."""
    if not may_administer(actor):
        raise Forbidden(
            f"This needs {Permission.TASK_CHANGE} on the root of the tree.",
            permission=str(Permission.TASK_CHANGE),
        )


def may_administer(actor: Actor) -> bool:
    """Whether `actor` looks after sites, workflows and file status types."""
    return _holds(actor, Permission.TASK_CHANGE, None)


def browsable(actor: Actor) -> list[Site]:
    """The sites that `actor` may browse, by name; as many readings for many as for one."""
    return _where(actor, Permission.TASK_READ)


def runnable(actor: Actor) -> list[Site]:
    """The sites at which `actor` may run workflows, by name."""
    return _where(actor, Permission.TASK_CREATE)


def _where(actor: Actor, permission: Permission) -> list[Site]:
    sites = list(Site.objects.order_by("name"))
    if actor.is_system:
        return sites
    root = _root_of(actor)
    if root is None:
        return []
    held = allowed(actor, permission)
    places = rows({root, *(site.place for site in sites if site.place is not None)})
    return [site for site in sites if places.get(site.place or root, places[root]).path in held]


def _holds(actor: Actor, permission: Permission, place: int | None) -> bool:
    """Whether `actor` holds the permission at a site's place, which may be gone."""
    if actor.is_system:
        return True
    root = _root_of(actor)
    if root is None:
        return False
    path = path_of_entity(place) if place is not None else None
    return holds(actor, permission, path) if path else may(actor, permission, root)


def _root_of(actor: Actor) -> int | None:
    """The root of the tree, which is the first of whatever lies above the actor."""
    path = path_of_entity(actor.entity) if actor.entity is not None else None
    return ids_in(path)[0] if path else None
