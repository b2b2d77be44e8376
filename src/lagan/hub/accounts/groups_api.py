"""Groups over HTTP, in the manner of `seeds/workflow-hub.txt` ("Expose Groups model via REST
API")."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any

from django.http import HttpRequest
from ninja import Router, Schema, Status
from pydantic import ConfigDict, Field

from lagan.hub.accounts import groups
from lagan.hub.base.api import asker
from lagan.hub.base.numbered import numbered_together
from lagan.hub.tree.models import Entity

router = Router(tags=["groups"])
Name = Annotated[str, Field(min_length=1, max_length=255)]
Members = Annotated[list[Name], Field(max_length=10_000)]


class GroupOut(Schema):
    """A group; `members` are the names of its users, as far as the asker may know them."""

    url: str
    id: int
    name: str
    members: list[str]


class GroupsOut(Schema):
    """A numbered page of groups."""

    count: int
    next: str | None
    previous: str | None
    results: list[GroupOut]


class GroupIn(Schema):
    """A new group, in the group with the id `parent`, or in the root."""

    model_config = ConfigDict(extra="ignore")
    name: Name
    parent: int | None = None
    members: Members = []


class GroupPatch(Schema):
    """Another name, or who shall be in it."""

    model_config = ConfigDict(extra="ignore")
    name: Name | None = None
    members: Members | None = None


@router.get("", response=GroupsOut)
def list_groups(request: HttpRequest) -> Any:
    """The groups that the asker sees."""
    rows = groups.visible_groups(asker(request))
    return numbered_together(request, rows, lambda page: _shown(request, page))


@router.post("", response={201: GroupOut})
def make_group(request: HttpRequest, body: GroupIn) -> Any:
    """A new group."""
    return Status(201, _one(request, groups.make_group(by=asker(request), **body.dict())))


@router.get("{int:id}/", response=GroupOut)
def show_group(request: HttpRequest, id: int) -> Any:
    """One group."""
    return _one(request, groups.visible_group(asker(request), id))


@router.patch("{int:id}/", response=GroupOut)
def change_group(request: HttpRequest, id: int, body: GroupPatch) -> Any:
    """Rename a group, or set who is in it."""
    return _one(request, groups.change_group(by=asker(request), group=id, **body.dict()))


@router.delete("{int:id}/", response={204: None})
def remove_group(request: HttpRequest, id: int) -> Any:
    """Remove a group that holds nothing."""
    groups.remove_group(by=asker(request), group=id)
    return Status(204, None)


def _one(request: HttpRequest, group: Entity) -> dict[str, Any]:
    return _shown(request, [group])[0]


def _shown(request: HttpRequest, rows: Sequence[Entity]) -> list[dict[str, Any]]:
    members = groups.users_in(asker(request), rows)
    return [
        {
            "url": request.build_absolute_uri(f"/api/groups/{each.id}/"),
            "id": each.id,
            "name": each.name,
            "members": members.get(each.id, []),
        }
        for each in rows
    ]
