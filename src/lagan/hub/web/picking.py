"""What an entity picker shows at first, and what it posted: an id, or the path that somebody typed
where there is no script."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from lagan.hub.base.actors import Actor
from lagan.hub.tree import browsing, finding
from lagan.hub.web import entities
from lagan.kit.errors import BadInput

LISTED = 100
"""Entities in the list without script; beyond that a path is typed."""


def picker(
    actor: Actor,
    *,
    name: str,
    label: Any,
    types: Collection[str],
    chosen: int | None = None,
    **more: Any,
) -> dict[str, Any]:
    """The variables of `web/parts/entity_picker.html`: `options` when the visitor sees few enough
    entities of these types to list them. `more` goes to the part as it is (`hint`, `optional`)."""  # noqa: E501
    seen = browsing.sight(actor)
    page = finding.find(actor, "*", types=types, size=LISTED, seen=seen)
    listed = [] if page.next else page.items
    known = [*listed, *([browsing.node(actor, chosen, seen)] if chosen else [])]
    paths = {id: entities.place(path) for id, path in browsing.names_of(known).items()}
    options = sorted(((each.id, paths[each.id]) for each in listed), key=lambda pair: pair[1])
    return {
        "name": name, "label": label, "types": " ".join(types), "chosen": chosen,
        "chosen_path": paths.get(chosen or 0, ""), "options": options, **more,
    }  # fmt: skip


def picked(actor: Actor, given: Mapping[str, str], name: str) -> int:
    """The id of the entity that the field `name` holds: an id or a full path. BadInput without one,
    NotFound for what the actor does not see."""
    text = str(given.get(name, "")).strip()
    if not text:
        raise BadInput("Choose an entity.", field=name)
    return browsing.resolve(actor, text).id
