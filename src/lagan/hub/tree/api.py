"""The tree over REST: entities as far as the asker sees them; `permission_api` has the rest."""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime
from typing import Annotated, Any

from django.db import transaction
from django.http import HttpRequest
from ninja import Query, Router, Schema, Status
from pydantic import Field

from lagan.hub.base.actors import Actor
from lagan.hub.base.api import asker
from lagan.hub.base.pages import Page
from lagan.hub.tree import browsing, finding, queries, services
from lagan.hub.tree.browsing import Node
from lagan.hub.tree.moving import moving
from lagan.hub.tree.permission_api import router as permission_router
from lagan.kit.errors import BadInput

router = Router(tags=["entities"])
Name = Annotated[str, Field(min_length=1, max_length=255)]


class EntityOut(Schema):
    """An entity and the names down to it, as `/root/NTNU/NV`. `seen` is false for a group that the
    asker may only pass on the way to something else."""

    id: int
    type: str
    name: str
    parent: int
    path: str
    created: datetime
    seen: bool


class EntityDetail(EntityOut):
    """One entity, with how many of each type lie in it, up to 1,000 (that many or more)."""

    counts: dict[str, int]


class EntityIn(Schema):
    """A new entity: its type, its name, the id or the path of names of what it will be in, and its
    metadata: the values of each key."""

    type: str
    name: Name
    parent: int | str
    metadata: dict[str, list[str | float | int]] | None = None


class EntityChange(Schema):
    """Another name, another parent (its id or path), or both."""

    name: Name | None = None
    parent: int | str | None = None


class Listing(Schema):
    """A page of entities, and the key of the next one."""

    results: list[EntityOut]
    next: str | None


class ChangeOut(Schema):
    """What one role inherits otherwise after a move."""

    subject: int
    name: str
    type: str
    lost: list[str]
    gained: list[str]


class MovingOut(Schema):
    """What a move would change; `others` counts the roles that are not listed."""

    changes: list[ChangeOut]
    others: int
    leaves: list[str]
    enters: list[str]


def _shown(rows: list[Node]) -> list[dict[str, Any]]:
    paths = browsing.names_of(rows)
    return [
        {
            "id": each.id,
            "type": each.type,
            "name": each.name,
            "parent": each.parent,
            "path": paths[each.id],
            "created": each.created,
            "seen": each.sees,
        }
        for each in rows
    ]


def _one(actor: Actor, entity: int) -> dict[str, Any]:
    return _shown([browsing.node(actor, entity)])[0]


def _id(actor: Actor, given: int | str) -> int:
    """The entity named by its id or by the names down to it."""
    return given if isinstance(given, int) else browsing.resolve(actor, given).id


def _listed(page: Page[Node]) -> dict[str, Any]:
    return {"results": _shown(page.items), "next": page.next}


@router.get("/", response=Listing)
def list_entities(
    request: HttpRequest,
    type: Annotated[list[str], Query(default_factory=list)],
    find: str = "",
    parent: str = "",
    text: str = "",
    after: str | None = None,
    size: Annotated[int, Field(ge=1, le=1000)] = 50,
) -> dict[str, Any]:
    """With `find`: the entity of that id, those of that exact name, or with `*` in it those that it
    fits, whatever the case. Else what lies in `parent` (an id or a path of names), by type and
    name. `type`, once or more, leaves only these. With one type and no parent all of that type by
    name; `text` is then a part of the name."""
    actor = asker(request)
    types = [_known(each) for each in type] or browsing.ORDER
    if find:
        return _listed(finding.find(actor, find, types=types, after=after, size=size))
    if len(type) == 1 and (text or not parent):
        within = _id(actor, parent) if parent else None
        page = queries.visible_entities(
            actor, type[0], parent=within, after=after, size=size, text=text
        )
        return _listed(Page(browsing.nodes(page.items, browsing.sight(actor)), page.next))
    place = _id(actor, parent) if parent else browsing.top(actor).id
    return _listed(browsing.children(actor, place, types=types, after=after, size=size))


def _known(type: str) -> str:
    if type not in browsing.ORDER:
        raise BadInput(f"{type[:50]!r} is no type of entity.", types=list(browsing.ORDER))
    return type


@router.post("/", response={201: EntityOut})
def create_entity(request: HttpRequest, body: EntityIn) -> Status[Any]:
    """A new entity, as its room makes them; needs `<type>_CREATE` on what it will be in. What its
    metadata lacks under the templates there is told all at once."""
    actor = asker(request)
    made = services.make(
        by=actor,
        type=_known(body.type),
        name=body.name,
        parent=_id(actor, body.parent),
        metadata=body.metadata,
    )
    return Status(201, _shown(browsing.nodes([made], browsing.sight(actor)))[0])


@router.get("/at/", response=EntityOut)
def read_at(request: HttpRequest, path: str) -> Any:
    """The entity that these names lead to, as `/NTNU/NV/IFY`; an id is understood too."""
    return _shown([browsing.resolve(asker(request), path)])[0]


@router.get("/{int:id}/", response=EntityDetail)
def read_entity(request: HttpRequest, id: int) -> Any:
    """One entity."""
    actor = asker(request)
    return {**_one(actor, id), "counts": browsing.counts(actor, id)}


@router.get("/{int:id}/children/", response=Listing)
def list_children(
    request: HttpRequest,
    id: int,
    type: Annotated[list[str], Query(default_factory=list)],
    after: str | None = None,
    size: Annotated[int, Field(ge=1, le=1000)] = 200,
) -> dict[str, Any]:
    """What lies in it, by type and name: what the asker sees, and groups on the way to that."""
    types = [_known(each) for each in type] or browsing.ORDER
    return _listed(browsing.children(asker(request), id, types=types, after=after, size=size))


@router.get("/{int:id}/moving/", response=MovingOut)
def read_moving(request: HttpRequest, id: int, parent: str) -> Any:
    """What moving it into `parent` (an id or a path) would change in inherited permissions."""
    actor = asker(request)
    found = moving(actor, id, _id(actor, parent))
    return {**asdict(found), "changes": [asdict(each) for each in found.changes]}


@router.patch("/{int:id}/", response=EntityOut)
def change_entity(request: HttpRequest, id: int, body: EntityChange) -> Any:
    """Rename it, move it, or both or neither."""
    by = asker(request)
    with transaction.atomic():
        if body.name is not None:
            services.rename(by=by, entity=id, name=body.name)
        if body.parent is not None:
            services.move(by=by, entity=id, parent=_id(by, body.parent))
        return _one(by, id)


@router.delete("/{int:id}/", response={204: None})
def remove_entity(request: HttpRequest, id: int) -> Status[Any]:
    """Remove it, as its room does: a group must hold nothing, a user is made anonymous, a dataset
    keeps its record."""
    services.discard(by=asker(request), entity=id)
    return Status(204, None)


router.add_router("", permission_router)
router.add_router("", "lagan.hub.tree.templates.api.places")
router.add_router("", "lagan.hub.tree.metadata.api.router")
