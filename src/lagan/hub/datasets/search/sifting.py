"""Which of some candidates a search finds: by its conditions, and by what the asker may read."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from lagan.hub.base.actors import Actor
from lagan.hub.datasets.models import REMOVED
from lagan.hub.datasets.search import compiling
from lagan.hub.datasets.search.asking import Query
from lagan.hub.datasets.search.clauses import Clause
from lagan.hub.datasets.search.statements import ORDERS, Position, of_candidates, rows
from lagan.hub.tree import queries as tree
from lagan.hub.tree.rules import Intervals


@dataclass(frozen=True, slots=True)
class Scope:
    """Where the asker may read datasets; None for everywhere. `also` must hold as well, where the
    answer tells something of metadata."""

    read: Intervals | None
    also: Intervals | None

    @property
    def is_empty(self) -> bool:
        """Whether nothing can be found."""
        return self.read is not None and not self.read or self.also is not None and not self.also

    def __contains__(self, path: str) -> bool:
        return (self.read is None or path in self.read) and (self.also is None or path in self.also)


def scope_of(actor: Actor, query: Query) -> Scope:
    """The scope of a search: DATASET_READ, and DATASET_METADATA_READ where metadata is asked
    for."""
    read = _limit(actor, "DATASET_READ")
    also = _limit(actor, "DATASET_METADATA_READ") if compiling.needs_metadata(query) else None
    return Scope(read, also)


def _limit(actor: Actor, permission: str) -> Intervals | None:
    found = tree.allowed(actor, permission)
    return None if tree.is_everywhere(found) else found


class Sieve:
    """The conditions of a search, asked of candidates."""

    def __init__(self, query: Query, scope: Scope) -> None:
        self.query, self.scope = query, scope
        self.clauses = compiling.compiled(query)
        self.words = compiling.words_of(query)
        self._key = ORDERS[query.order][0]
        self._where, self._parameters = self._condition()

    def fitting(self, ids: Sequence[int]) -> dict[int, Position]:
        """Those of the candidates that the search finds, and where they stand in its order."""
        if not ids:
            return {}
        columns = f"c.id, e.path, {self._key}, {self._flag()[0]}"
        sql, given = of_candidates(ids, columns, self._where)
        flagged = self._flag()[1]
        found = rows(sql, [*flagged, *given, *self._parameters])
        seen = [row for row in found if row[1] in self.scope]
        left = self._judged({row[0]: bool(row[3]) for row in seen})
        return {row[0]: (row[2], row[0]) for row in seen if row[0] in left}

    def _condition(self) -> tuple[str, list[Any]]:
        """What SQL decides of every candidate."""
        parts: list[tuple[str, Sequence[Any]]] = []
        if not self.query.removed:
            parts.append(("d.state <> %s", [REMOVED]))
        if self.words:
            parts.append(self.words.check())
        if not self.query.any:
            parts += [each.check() for each in self.clauses if not each.judge]
        elif self.clauses and not self._judges:
            parts.append(self._either())
        where = " AND ".join(part for part, _ in parts) or "1 = 1"
        return where, [each for _, some in parts for each in some]

    @property
    def _judges(self) -> list[Clause]:
        return [each for each in self.clauses if each.judge]

    def _either(self) -> tuple[str, list[Any]]:
        checks = [each.check() for each in self.clauses if not each.judge]
        text = " OR ".join(part for part, _ in checks) or "1 = 0"
        return f"({text})", [each for _, some in checks for each in some]

    def _flag(self) -> tuple[str, list[Any]]:
        """Under ANY with judges: whether SQL alone says yes."""
        if not (self.query.any and self._judges):
            return "1", []
        text, parameters = self._either()
        return f"CASE WHEN {text} THEN 1 ELSE 0 END", parameters

    def _judged(self, flags: dict[int, bool]) -> set[int]:
        left = set(flags)
        if not self.query.any:
            for each in self._judges:
                left &= _verdict(each, sorted(left))
            return left
        if not self._judges:
            return left
        open_ = sorted(each for each, yes in flags.items() if not yes)
        said = set().union(*(_verdict(each, open_) for each in self._judges))
        return {each for each, yes in flags.items() if yes} | said


def _verdict(clause: Clause, ids: Sequence[int]) -> set[int]:
    if not ids or clause.judge is None:
        return set()
    fitting = clause.judge(ids)
    if not clause.negated:
        return fitting
    there = set(ids)
    if clause.present is not None:
        text, parameters = clause.present.check()
        sql, given = of_candidates(ids, "c.id", text)
        there = {row[0] for row in rows(sql, [*given, *parameters])}
    return there - fitting
