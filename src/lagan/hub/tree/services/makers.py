"""One verb to make and one to remove an entity of any type: rooms whose types are more than an
entity tell at start-up how theirs are made and removed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from django.db import transaction

from lagan.hub.base.actors import Actor
from lagan.hub.tree.models import Entity, Type
from lagan.hub.tree.permissions import permission_to
from lagan.hub.tree.services.entities import create_entity, remove
from lagan.hub.tree.services.sight import existing, require

Values = Mapping[str, Sequence[Any]]


class Maker(Protocol):
    """Makes an entity of its type and answers its id, by the room's own verb and its rules."""

    def __call__(self, *, by: Actor, name: str, parent: int, metadata: Values | None) -> int:
        """As `create_entity`."""


class Remover(Protocol):
    """Removes an entity of its type, whatever that means to its room."""

    def __call__(self, *, by: Actor, entity: int) -> object:
        """As `remove`."""


_MAKERS: dict[str, Maker] = {}
_REMOVERS: dict[str, Remover] = {}


def register_maker(type: str, verb: Maker) -> None:
    """Let the room of this type make its entities. Called at start-up."""
    _MAKERS[Type(type)] = verb


def register_remover(type: str, verb: Remover) -> None:
    """Let the room of this type remove its entities. Called at start-up."""
    _REMOVERS[Type(type)] = verb


@transaction.atomic
def make(*, by: Actor, type: str, name: str, parent: int, metadata: Values | None = None) -> Entity:
    """A new entity of any type in `parent`, as its room makes them; needs `<type>_CREATE` there.
    Refusals are those of `create_entity` and of the room."""
    if type not in _MAKERS:
        return create_entity(by=by, type=type, name=name, parent=parent, metadata=metadata)
    require(actor=by, permission=permission_to("CREATE", type), entity=parent)
    return existing(_MAKERS[type](by=by, name=name, parent=parent, metadata=metadata))


@transaction.atomic
def discard(*, by: Actor, entity: int) -> None:
    """Remove an entity of any type, as its room does: a user is made anonymous, a dataset loses its
    data and keeps its record. Needs `<type>_DELETE`. Conflict as `remove`."""
    kind = existing(entity).type
    require(actor=by, permission=permission_to("DELETE", kind), entity=entity)
    if kind in _REMOVERS:
        _REMOVERS[kind](by=by, entity=entity)
    else:
        remove(by=by, entity=entity)
