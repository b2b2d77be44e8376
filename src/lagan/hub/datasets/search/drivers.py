"""Where a search starts: from the fewest candidates that its conditions, its words or the asker's
rights leave."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from django.db import connection

from lagan.hub.datasets.search.asking import Order
from lagan.hub.datasets.search.clauses import MOST_STREAMS, Atom, Clause
from lagan.hub.datasets.search.sifting import Sieve
from lagan.hub.datasets.search.statements import (
    ORDERS,
    Position,
    of_atom,
    of_atoms,
    of_intervals,
    of_walk,
    rows,
)

FEW = 5_000
"""Candidates that are gathered whole. At 50 to a page, what leaves more of a million is met often
enough on a walk."""
ENOUGH = 200
"""Candidates so few that nothing fewer is looked for."""
MANY_WORDS = 20_000
"""Datasets estimated to hold the words, from which PostgreSQL's index of words, which cannot be
read in part, is not read."""


class Driver(Protocol):
    """Candidates in the order of the search."""

    def read(self, beyond: Position | None, limit: int) -> tuple[list[Position], bool]:
        """Up to `limit` of them beyond a position, and whether there are more. The position's key
        may be missing (the id alone) where datasets come by id."""


@dataclass(frozen=True, slots=True)
class Walk:
    """All datasets."""

    order: Order

    def read(self, beyond: Position | None, limit: int) -> tuple[list[Position], bool]:
        """See Driver."""
        found = rows(*of_walk(self.order, beyond, limit))
        return [(key, id) for id, key in found], len(found) == limit


@dataclass(frozen=True, slots=True)
class Stream:
    """What meets one of some atoms whose indexes give it by id."""

    atoms: tuple[Atom, ...]
    down: bool
    rate: float
    """Of so many ids of datasets one is in the stream."""

    def read(self, beyond: Position | None, limit: int) -> tuple[list[Position], bool]:
        """See Driver."""
        past = beyond[1] if beyond else None
        if len(self.atoms) == 1:
            found = rows(*of_atom(self.atoms[0], past, self.down, limit))
        else:
            found = rows(*of_atoms(self.atoms, past, self.down, limit))
        ids = list(dict.fromkeys(row[0] for row in found))
        return [(each, each) for each in ids], len(found) == limit


@dataclass(frozen=True, slots=True)
class Few:
    """A handful of ids, gathered whole."""

    ids: frozenset[int]


def driver(sieve: Sieve, beyond: Position | None) -> Walk | Stream | Few:
    """The best start for what comes beyond a position."""
    order = sieve.query.order
    key, id, down = ORDERS[order]
    by_id = key == id
    past = beyond[1] if beyond and by_id else None
    best: Stream | Few | None = None
    for atoms in _choices(sieve):
        best = _better(best, _gathered(atoms, past, down, by_id))
        if isinstance(best, Few) and len(best.ids) <= ENOUGH:
            return best
    if sieve.scope.read is not None:
        found = rows(*of_intervals(sieve.scope.read, past, down, FEW + 1))
        if len(found) <= FEW:
            best = _better(best, Few(frozenset(row[0] for row in found)))
    return best or Walk(order)


def _choices(sieve: Sieve) -> list[tuple[Atom, ...]]:
    """Groups of atoms, of each of which at least one holds for every dataset that is found."""
    every = [sieve.words.atoms] if sieve.words else []
    each = [_atoms_of(clause) for clause in sieve.clauses]
    if not sieve.query.any:
        return every + [atoms for atoms in each if atoms is not None]
    if each and all(atoms is not None for atoms in each):
        every.append(tuple(atom for atoms in each for atom in atoms or ()))
    return every


def _atoms_of(clause: Clause) -> tuple[Atom, ...] | None:
    if clause.judge is not None:
        return (clause.hint,) if clause.hint else None
    return None if clause.negated else clause.atoms


def _gathered(
    atoms: Sequence[Atom], past: int | None, down: bool, by_id: bool
) -> Stream | Few | None:
    """All that meets one of the atoms when that is few; else a stream of it, if there can be
    one."""
    found: set[int] = set()
    for atom in atoms:
        if _too_many_words(atom):
            return None
        some = rows(*of_atom(atom, past, down, FEW + 1))
        found.update(row[0] for row in some)
        if len(some) > FEW or len(found) > FEW:
            streams = by_id and len(atoms) <= MOST_STREAMS and all(each.ordered for each in atoms)
            return _stream(tuple(atoms), found, past, down) if streams else None
    return Few(frozenset(found))


def _stream(atoms: tuple[Atom, ...], seen: set[int], past: int | None, down: bool) -> Stream:
    if down:
        top = past if past is not None else _newest()
        span = top - min(seen) + 1
    else:
        span = max(seen) - (past or 0) + 1
    return Stream(atoms, down, max(span, 1) / len(seen))


def _newest() -> int:
    found = rows("SELECT max(entity_id) FROM datasets_dataset", [])
    return int(found[0][0] or 0)


def _better(best: Stream | Few | None, other: Stream | Few | None) -> Stream | Few | None:
    """Few before streams; fewer, or sparser, first."""
    if best is None or other is None:
        return best or other
    return max(best, other, key=_worth)


def _worth(each: Stream | Few) -> tuple[int, float]:
    return (1, -len(each.ids)) if isinstance(each, Few) else (0, each.rate)


def _too_many_words(atom: Atom) -> bool:
    if atom.source != "words" or connection.vendor != "postgresql":
        return False
    sql = f"EXPLAIN (FORMAT JSON) SELECT 1 FROM datasets_document w WHERE {atom.where}"  # noqa: S608
    plan = rows(sql, atom.parameters)[0][0]
    return int(plan[0]["Plan"]["Plan Rows"]) > MANY_WORDS
