"""The tree over REST: entities as far as the asker sees them; `permission_api` has the rest."""

from __future__ import annotations

from typing import Annotated, Any

from django.http import HttpRequest
from ninja import Router, Schema, Status
from pydantic import Field

from lagan.hub.base.api import asker
from lagan.hub.tree import queries, services
from lagan.hub.tree.models import Entity
from lagan.hub.tree.permission_api import router as permission_router

router = Router(tags=["entities"])
Name = Annotated[str, Field(min_length=1, max_length=255)]


class EntityOut(Schema):
    """An entity and the names down to it, as `/root/NTNU/NV`."""

    id: int
    type: str
    name: str
    parent: int
    path: str


class EntityIn(Schema):
    """A new entity: its type, its name, the id of the group it will be in."""

    type: str
    name: Name
    parent: int


class EntityChange(Schema):
    """Another name, another parent, or both."""

    name: Name | None = None
    parent: int | None = None


class Listing(Schema):
    """A page of entities by name, and the key of the next one."""

    results: list[EntityOut]
    next: str | None


def _shown(rows: list[Entity]) -> list[dict[str, Any]]:
    paths = queries.full_path([each.id for each in rows])
    return [
        {
            "id": each.id,
            "type": each.type,
            "name": each.name,
            "parent": each.parent_id,
            "path": paths[each.id],
        }
        for each in rows
    ]


def _one(entity: Entity) -> dict[str, Any]:
    return _shown([entity])[0]


@router.get("/", response=Listing)
def list_entities(
    request: HttpRequest,
    type: str,
    parent: int | None = None,
    text: str = "",
    after: str | None = None,
    size: Annotated[int, Field(ge=1, le=1000)] = 50,
) -> dict[str, Any]:
    """Entities of a type that the asker sees, by name."""
    page = queries.visible_entities(
        asker(request), type, parent=parent, after=after, size=size, text=text
    )
    return {"results": _shown(page.items), "next": page.next}


@router.post("/", response={201: EntityOut})
def create_entity(request: HttpRequest, body: EntityIn) -> Status[Any]:
    """A new entity in a group; needs `<type>_CREATE` there."""
    made = services.create_entity(
        by=asker(request), type=body.type, name=body.name, parent=body.parent
    )
    return Status(201, _one(made))


@router.get("/{int:id}/", response=EntityOut)
def read_entity(request: HttpRequest, id: int) -> Any:
    """One entity."""
    return _one(services.require_sight(actor=asker(request), entity=id))


@router.patch("/{int:id}/", response=EntityOut)
def change_entity(request: HttpRequest, id: int, body: EntityChange) -> Any:
    """Rename it, move it, or both."""
    by = asker(request)
    if body.name is not None:
        services.rename(by=by, entity=id, name=body.name)
    if body.parent is not None:
        services.move(by=by, entity=id, parent=body.parent)
    return _one(services.require_sight(actor=by, entity=id))


@router.delete("/{int:id}/", response={204: None})
def remove_entity(request: HttpRequest, id: int) -> Status[None]:
    """Remove an entity that holds nothing."""
    services.remove(by=asker(request), entity=id)
    return Status(204, None)


router.add_router("", permission_router)
router.add_router("", "lagan.hub.tree.templates.api.places")
router.add_router("", "lagan.hub.tree.metadata.api.router")
