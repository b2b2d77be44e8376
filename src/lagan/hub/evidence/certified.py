"""What a certificate can be about: rooms tell of their things here, each with its files."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias
from uuid import UUID

from lagan.hub.base.actors import Actor
from lagan.hub.datasets import queries as datasets
from lagan.kit.errors import BadInput


@dataclass(frozen=True, slots=True)
class Item:
    """One file of the thing: where it is in it, which version, and the archive's file."""

    path: str
    version: int
    stored: UUID


@dataclass(frozen=True, slots=True)
class Certified:
    """A thing that somebody may have certified: its id, what the certificate tells of it in JSON's
    types, and its files by path."""

    id: int
    facts: Mapping[str, Any]
    files: Iterable[Item]


Tell: TypeAlias = Callable[[Actor, int, str], Certified]
"""Who asks, the id of the thing, a folder in it (empty for all of it). NotFound or Forbidden when
the asker may not read it."""

_tellers: dict[str, Tell] = {}


def register_certified(kind: str, tell: Tell) -> None:
    """Let things of a kind (`dataset`, `package`) be certified. ValueError when another room did
    so."""
    if _tellers.setdefault(kind, tell) != tell:
        raise ValueError(f"Two rooms tell of a {kind}.")


def certifies(kind: str) -> bool:
    """Whether things of this kind can be certified."""
    return kind in _tellers


def certified(by: Actor, kind: str, id: int, folder: str) -> Certified:
    """The thing as its room tells it. BadInput for a kind that no room knows."""
    if kind not in _tellers:
        raise BadInput(f"Nothing certifies a {kind[:40]!a}.", field="kind")
    return _tellers[kind](by, id, folder.strip("/"))


def tell_dataset(by: Actor, id: int, folder: str) -> Certified:
    """A dataset and its current files."""
    row = datasets.dataset(by, id)
    facts: dict[str, Any] = {"name": row.name, "group": row.group, "owner": row.owner}
    facts |= {"state": row.state, "created": row.created.isoformat()}
    facts |= {"closed": row.closed.isoformat() if row.closed else None}
    return Certified(id, facts, _files(by, id, folder))


def _files(by: Actor, id: int, folder: str) -> Iterable[Item]:
    start = f"{folder}/" if folder else ""
    for row in datasets.entries(by, id, after=start):
        if not row.path.startswith(start):
            return
        yield Item(row.path, row.version, row.stored)
