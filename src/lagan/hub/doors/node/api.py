"""The archive's nodes over REST: nodes, volumes, subscriptions, checks. For administrators."""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime
from typing import Annotated, Any

from django.http import HttpRequest
from ninja import Router, Schema
from pydantic import Field

from lagan.hub.accounts.services import require_administrator
from lagan.hub.base.api import asker
from lagan.hub.base.pages import Page
from lagan.hub.doors.node import queries

router = Router(tags=["nodes"])
Size = Annotated[int, Field(ge=1, le=1000)]


class CheckOut(Schema):
    """A node's check of its data: what is running or ran last."""

    running: bool
    started: str
    ended: str
    remaining: int | None
    files: int
    bytes: int


class NodeOut(Schema):
    """A node; `may` are those of archive, retrieve, process, remove that it is configured for."""

    id: str
    state: str
    address: str
    version: str
    cluster: str
    may: list[str]
    check: CheckOut
    volumes: int
    files: int
    bytes: int


class VolumeOut(Schema):
    """A volume; sizes in bytes, times as the node wrote them: its local time without a zone."""

    id: str
    name: str
    archive: str
    type: str
    host: str
    last_host: str
    slot: str
    place: str
    mounted: bool
    completed: bool
    completed_at: str
    installed: str
    checked: str
    files: int
    bytes: int
    available: int
    capacity: int
    damaged: int


class VolumeEventOut(Schema):
    """Something that happened to a volume."""

    at: str
    origin: str
    what: str
    description: str


class SubscriptionOut(Schema):
    """Who is sent new files, and how many are waiting, being sent, and failed."""

    id: str
    url: str
    host: str
    priority: int
    since: str
    filter: str
    at_once: int
    waiting: int
    sending: int
    failed: int
    error: str


class DamageOut(Schema):
    """A copy that is not as it should be."""

    file_id: str
    version: int
    volume: str
    name: str
    size: int
    finding: str
    seen: datetime | None


class CheckEventOut(Schema):
    """Copies found damaged (`damaged`) or repaired (`healed`)."""

    number: int
    at: datetime
    what: str
    by: str
    data: dict[str, Any]


class Nodes(Schema):
    """All nodes, by id."""

    results: list[NodeOut]


class Volumes(Schema):
    """A page of volumes."""

    results: list[VolumeOut]
    next: str | None


class VolumeEvents(Schema):
    """A page of a volume's history, the last first."""

    results: list[VolumeEventOut]
    next: str | None


class Subscriptions(Schema):
    """A page of subscriptions."""

    results: list[SubscriptionOut]
    next: str | None


class Damages(Schema):
    """A page of damaged copies."""

    results: list[DamageOut]
    next: str | None


class CheckEvents(Schema):
    """A page of what checks found and healed, the last first."""

    results: list[CheckEventOut]
    next: str | None


@router.get("/", response=Nodes)
def list_nodes(request: HttpRequest) -> dict[str, Any]:
    """Every node of the cluster."""
    require_administrator(asker(request))
    return {"results": [asdict(each) for each in queries.nodes()]}


@router.get("/volumes/", response=Volumes)
def list_volumes(
    request: HttpRequest, host: str = "", after: str | None = None, size: Size = 50
) -> dict[str, Any]:
    """Volumes by id; `host` names a node."""
    require_administrator(asker(request))
    return _page(queries.volumes(host=host, after=after, size=size))


@router.get("/volumes/{str:id}/", response=VolumeOut)
def read_volume(request: HttpRequest, id: str) -> dict[str, Any]:  # noqa: A002
    """One volume."""
    require_administrator(asker(request))
    return asdict(queries.volume(id))


@router.get("/volumes/{str:id}/events/", response=VolumeEvents)
def list_volume_events(
    request: HttpRequest,
    id: str,  # noqa: A002
    after: str | None = None,
    size: Size = 50,
) -> dict[str, Any]:
    """What happened to a volume, the last first."""
    require_administrator(asker(request))
    return _page(queries.volume_events(id, after=after, size=size))


@router.get("/subscriptions/", response=Subscriptions)
def list_subscriptions(
    request: HttpRequest, after: str | None = None, size: Size = 50
) -> dict[str, Any]:
    """Subscriptions by id, with their queues."""
    require_administrator(asker(request))
    return _page(queries.subscriptions(after=after, size=size))


@router.get("/checks/", response=Damages)
def list_damage(
    request: HttpRequest, volume: str = "", after: str | None = None, size: Size = 50
) -> dict[str, Any]:
    """Copies that checks found damaged and that are not healed yet."""
    require_administrator(asker(request))
    return _page(queries.damage(volume=volume, after=after, size=size))


@router.get("/checks/events/", response=CheckEvents)
def list_check_events(
    request: HttpRequest, after: str | None = None, size: Size = 50
) -> dict[str, Any]:
    """What checks found and what was healed, the last first."""
    require_administrator(asker(request))
    return _page(queries.check_events(after=after, size=size))


@router.get("/{str:id}/", response=NodeOut)
def read_node(request: HttpRequest, id: str) -> dict[str, Any]:  # noqa: A002
    """One node."""
    require_administrator(asker(request))
    return asdict(queries.node(id))


def _page(page: Page[Any]) -> dict[str, Any]:
    return {"results": [asdict(each) for each in page.items], "next": page.next}
