"""Quotas of groups over REST: list, look, set, clear, count again."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

from django.http import HttpRequest
from ninja import Router, Schema, Status
from pydantic import Field

from lagan.hub.base.api import asker
from lagan.hub.datasets import quotas
from lagan.hub.datasets.rules import LEVELS

router = Router(tags=["quotas"])
Size = Annotated[int, Field(ge=1, le=1000)]


class QuotaOut(Schema):
    """A group's quota; null is no limit. `level`: the warning level in percent that is reached."""

    group: int
    name: str
    path: str
    bytes: int | None
    files: int | None
    used_bytes: int
    used_files: int
    levels: list[int]
    level: int
    counted: datetime | None


class QuotaIn(Schema):
    """What the datasets beneath the group may take together."""

    bytes: int | None = None
    files: int | None = None
    levels: list[int] = list(LEVELS)


class QuotaListing(Schema):
    """A page of quotas and the key of the next one."""

    results: list[QuotaOut]
    next: str | None


class PartOut(Schema):
    """What lies in one entity directly beneath the group."""

    id: int
    name: str
    type: str
    bytes: int
    files: int


class RecountOut(Schema):
    """By how much the count was off."""

    bytes: int
    files: int


@router.get("/", response=QuotaListing)
def list_quotas(request: HttpRequest, after: str | None = None, size: Size = 50) -> dict[str, Any]:
    """Quotas of the groups that the asker sees, in the order of the tree."""
    page = quotas.quotas(asker(request), after=after, size=size)
    return {"results": page.items, "next": page.next}


@router.get("/{int:group}/", response=QuotaOut)
def read_quota(request: HttpRequest, group: int) -> Any:
    """A group's own quota."""
    return quotas.quota(asker(request), group)


@router.get("/{int:group}/above/", response=list[QuotaOut])
def read_quotas_above(request: HttpRequest, group: int) -> Any:
    """Every quota that binds an entity: its own and those of the groups above."""
    return quotas.above(asker(request), group)


@router.get("/{int:group}/parts/", response=list[PartOut])
def read_parts(request: HttpRequest, group: int) -> Any:
    """What lies in each entity directly beneath the group, largest first."""
    return quotas.parts(asker(request), group)


@router.put("/{int:group}/", response=QuotaOut)
def set_quota(request: HttpRequest, group: int, body: QuotaIn) -> Any:
    """Give a group a quota; needs GROUP_CHANGE on the group above."""
    return quotas.set_quota(by=asker(request), group=group, **body.dict())


@router.delete("/{int:group}/", response={204: None})
def clear_quota(request: HttpRequest, group: int) -> Status[None]:
    """Take a group's quota away."""
    quotas.clear_quota(by=asker(request), group=group)
    return Status(204, None)


@router.post("/{int:group}/recount/", response=RecountOut)
def recount_quota(request: HttpRequest, group: int) -> dict[str, int]:
    """Count again what lies beneath the group; a difference is recorded."""
    size, files = quotas.recount_quota(by=asker(request), group=group)
    return {"bytes": size, "files": files}
