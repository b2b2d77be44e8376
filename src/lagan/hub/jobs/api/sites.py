"""Sites over HTTP: the documented fields, and ours beside them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Any

from django.http import HttpRequest
from ninja import Router, Status
from pydantic import Field

from lagan.hub.base.api import asker
from lagan.hub.base.numbered import numbered_together
from lagan.hub.base.problems import about
from lagan.hub.jobs import presence, sites
from lagan.hub.jobs.api.bodies import In, NumberedOut
from lagan.hub.jobs.models import Site

router = Router(tags=["sites"])
Text = Annotated[str, Field(max_length=4096)]


class SiteOut(In):
    """A site. `limit` is how many tasks it runs at once, `place` the group of the tree whose
    people may use it (none: the root), `online` whether a worker of it is there, `seen` when one
    last was."""

    id: int
    name: str
    url: str
    title: str
    addresses: list[str]
    limit: int
    place: int | None
    online: bool
    seen: datetime | None


class SitesOut(NumberedOut):
    """A numbered page of sites."""

    results: list[SiteOut]


class SiteIn(In):
    """A new site."""

    name: Text
    title: Text = ""
    limit: int | None = None
    place: int | None = None
    addresses: list[Text] = []


class SitePatch(In):
    """What is to change of a site; what is not named stays."""

    name: Text | None = None
    title: Text | None = None
    limit: int | None = None
    place: int | None = None
    addresses: list[Text] | None = None


@router.get("", response=SitesOut)
def list_sites(request: HttpRequest) -> Any:
    """The sites whose files the asker may browse, by name; all for an administrator."""
    rows = sites.visible(asker(request))
    return numbered_together(request, rows, lambda page: _shown(request, page))


@router.post("", response={201: SiteOut})
def add_site(request: HttpRequest, body: SiteIn) -> Any:
    """A new site."""
    with about("name"):
        return Status(201, _one(request, sites.add_site(by=asker(request), **body.dict())))


@router.get("{int:id}/", response=SiteOut)
def show_site(request: HttpRequest, id: int) -> Any:
    """One site."""
    return _one(request, sites.site(asker(request), id))


@router.patch("{int:id}/", response=SiteOut)
def change_site(request: HttpRequest, id: int, body: SitePatch) -> Any:
    """Change a site. Its name only while nothing is open there."""
    given = body.dict(exclude_unset=True)
    changes = {name: given[name] for name in given if given[name] is not None or name == "place"}
    return _one(request, sites.change_site(by=asker(request), site=id, **changes))


@router.delete("{int:id}/", response={204: None})
def remove_site(request: HttpRequest, id: int) -> Any:
    """Remove a site at which nothing is open; its files stay where they are."""
    sites.remove_site(by=asker(request), site=id)
    return Status(204, None)


def _one(request: HttpRequest, site: Site) -> dict[str, Any]:
    return _shown(request, [site])[0]


def _shown(request: HttpRequest, rows: Sequence[Site]) -> list[dict[str, Any]]:
    there = presence.online()
    return [
        {
            "id": row.pk,
            "name": row.name,
            "url": request.build_absolute_uri(f"/api/sites/{row.pk}/"),
            "title": row.title,
            "addresses": row.addresses,
            "limit": row.limit,
            "place": row.place,
            "online": row.name in there,
            "seen": row.seen,
        }
        for row in rows
    ]


router.add_router("", "lagan.hub.jobs.api.site_workers.router")
