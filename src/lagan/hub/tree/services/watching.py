"""Rooms above hear, within its transaction, of what becomes of the names and metadata of
entities."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from lagan.hub.tree.models import Type

Watcher = Callable[[Sequence[int]], None]
_WATCHERS: dict[str, list[Watcher]] = {}


def watch(type: str, call: Watcher) -> None:
    """Call `call(entities)` in the transaction in which entities of this type are made or restored,
    renamed, or get other metadata. Called at start-up."""
    _WATCHERS.setdefault(Type(type), []).append(call)


def tell(type: str, entities: Sequence[int]) -> None:
    """Say that names or metadata of these entities changed."""
    for call in _WATCHERS.get(type, ()):
        call(entities)
