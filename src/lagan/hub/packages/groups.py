"""Group contexts: the group whose packages somebody works with, by any of its names."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from lagan.hub.accounts import queries as accounts
from lagan.hub.base.actors import Actor
from lagan.hub.tree import queries as tree
from lagan.kit.errors import NotFound

_RIGHTS = ("DATASET_CREATE", "DATASET_READ")
MOST = 500
"""Groups that are offered to one person."""


@dataclass(frozen=True, slots=True)
class Context:
    """A group in which the asker may deposit (`deposits`), and whose members they may set
    (`keeps`). `name` is what it can be called by: its own name where that is unique among theirs,
    else its path."""

    id: int
    name: str
    path: str
    deposits: bool
    keeps: bool


def contexts(actor: Actor) -> list[Context]:
    """The groups in which the actor may deposit packages, by path."""
    found = tree.permitted(actor, "GROUP", "DATASET_CREATE", size=MOST)
    keeps = {id for id, _ in tree.permitted(actor, "GROUP", "GROUP_MEMBER_SET", size=MOST)}
    names = Counter(path.rpartition("/")[2] for _, path in found)
    return [
        Context(id, own if names[own := path.rpartition("/")[2]] == 1 else path, path, True,
                id in keeps)
        for id, path in found
    ]  # fmt: skip


def places(actor: Actor) -> list[Context]:
    """The same, and those whose packages the actor may read only."""
    deposits = contexts(actor)
    known = {each.id for each in deposits}
    reads = tree.permitted(actor, "GROUP", "DATASET_READ", size=MOST)
    others = [
        Context(id, path.rpartition("/")[2], path, False, False)
        for id, path in reads
        if id not in known
    ]
    return sorted([*deposits, *others], key=lambda each: each.path)


def group_called(actor: Actor, text: str) -> int:
    """The group with this id, path or name in which the actor may deposit or read. NotFound when
    there is none, or more than one of that name."""
    clean = text.strip()
    ids = set(tree.namesakes(type="GROUP", name=clean, limit=MOST))
    if clean.startswith("/") or clean.isdecimal():
        named = accounts.group_named(clean) if len(clean) < 4000 else None
        ids = ids if named is None else {named}
    rows = [each for each in sorted(ids) if any(tree.may(actor, right, each) for right in _RIGHTS)]
    if len(rows) != 1:
        raise NotFound("There is no such group.", group=clean[:100])
    return rows[0]
