"""Datasets as the tree makes and removes them, where it is asked for an entity of any type."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from lagan.hub.base.actors import Actor
from lagan.hub.datasets import services


def make(*, by: Actor, name: str, parent: int, metadata: Mapping[str, Sequence[Any]] | None) -> int:
    """A manual, open dataset of the actor's own; its id."""
    return int(services.create_dataset(by=by, name=name, group=parent, metadata=metadata).pk)


def discard(*, by: Actor, entity: int) -> None:
    """Its data is gone, its record stays."""
    services.remove_dataset(by=by, dataset=entity)
