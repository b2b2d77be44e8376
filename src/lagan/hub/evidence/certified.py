"""What a certificate can be about: rooms tell of their things here, each with its files."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias
from uuid import UUID

from lagan.hub.base.actors import Actor
from lagan.hub.datasets import queries as datasets
from lagan.hub.evidence import rights
from lagan.kit.errors import BadInput


@dataclass(frozen=True, slots=True)
class Format:
    """A format that a file has, and its key in a registry of formats."""

    name: str
    version: str = ""
    registry: str = ""
    key: str = ""


@dataclass(frozen=True, slots=True)
class Item:
    """One file of the thing: where it is in it, which version, the archive's file, and the formats
    that the file was found to have."""

    path: str
    version: int
    stored: UUID
    formats: tuple[Format, ...] = ()


@dataclass(frozen=True, slots=True)
class Certified:
    """A thing that somebody may have certified: its id, what the certificate tells of it in JSON's
    types, its files by path, and the licence that its metadata names, as people wrote it."""

    id: int
    facts: Mapping[str, Any]
    files: Iterable[Item]
    licence: str = ""


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
    return Certified(id, facts, _files(by, id, folder), rights.licence_of(by, id))


def _files(by: Actor, id: int, folder: str) -> Iterable[Item]:
    start = f"{folder}/" if folder else ""
    for row in datasets.entries(by, id, after=start):
        if not row.path.startswith(start):
            return
        yield Item(row.path, row.version, row.stored)
