"""Our own routes of a site beside the documented ones: its workers, and the keys that they show."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.http import HttpRequest
from ninja import Router, Schema, Status

from lagan.hub.base.api import asker
from lagan.hub.jobs import keys, sites
from lagan.hub.jobs.api.bodies import In
from lagan.hub.jobs.models import SiteKey
from lagan.kit.errors import NotFound

router = Router()


class WorkerOut(Schema):
    """A worker as it last told of itself: `load` is its machine's per processor, `running` how many
    tasks it runs of at most `threads`, `roots` the folders that it opens."""

    name: str
    online: bool
    seen: datetime
    started: datetime
    host: str
    version: str
    transport: str
    threads: int
    running: int
    load: float
    roots: list[str]


class SiteKeyIn(In):
    """The name of a key."""

    name: str


class SiteKeyOut(Schema):
    """A site's key as it is shown ever after."""

    id: int
    name: str
    prefix: str
    created: datetime
    created_by: str
    used: datetime | None


class NewSiteKeyOut(SiteKeyOut):
    """A site's key as it is shown once."""

    key: str


@router.get("{int:id}/workers/", response=list[WorkerOut])
def list_workers(request: HttpRequest, id: int) -> Any:
    """The site's workers, first those that are there; a worker that was silent for a week is
    forgotten."""
    return sites.workers(asker(request), id)


@router.get("{int:id}/keys/", response=list[SiteKeyOut])
def list_keys(request: HttpRequest, id: int) -> Any:
    """The site's keys, the newest first. For administrators."""
    site = sites.administered(asker(request), id)
    return [_shown(row) for row in keys.site_keys(site.name)]


@router.post("{int:id}/keys/", response={201: NewSiteKeyOut})
def make_key(request: HttpRequest, id: int, body: SiteKeyIn) -> Any:
    """A new key for the site's workers; its text is in this answer and nowhere else."""
    site = sites.administered(asker(request), id)
    row, text = keys.make_site_key(site=site.name, name=body.name, by=asker(request))
    return Status(201, {**_shown(row), "key": text})


@router.delete("{int:id}/keys/{int:key}/", response={204: None})
def revoke_key(request: HttpRequest, id: int, key: int) -> Any:
    """End a key; workers that show it are refused from now on."""
    site = sites.administered(asker(request), id)
    if key not in {row.pk for row in keys.site_keys(site.name)}:
        raise NotFound(f"There is no key {key} of {site.name}.", id=key)
    keys.revoke_site_key(key=key, by=asker(request))
    return Status(204, None)


def _shown(row: SiteKey) -> dict[str, Any]:
    return {
        "id": row.pk,
        "name": row.name,
        "prefix": row.prefix,
        "created": row.created,
        "created_by": row.created_by_name,
        "used": row.used,
    }
