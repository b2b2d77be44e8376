"""Conditions as SQL: what each one is looked up by, and what it is checked by; no query is run
here.

The aliases are m: a metadata value, d: a dataset, e: its entity, w: its words, c: a candidate.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, Literal

from django.db import connection

from lagan.hub.datasets.search.conditions import BOUNDS, Comparator, Condition, Filter
from lagan.hub.datasets.search.filters import as_number, read_moment, read_size

HEAD = 64
"""Characters of a value that `tree_metadata.head` holds."""

Source = Literal["metadata", "dataset", "entity", "words"]


@dataclass(frozen=True, slots=True)
class Atom:
    """One predicate on one table. `ordered` says that an index gives what fits by entity, newest
    first, so that as much as is needed can be read of however many there are."""

    source: Source
    where: str
    parameters: tuple[Any, ...]
    ordered: bool = False
    probe: str = ""
    """How a single candidate is asked, where that differs from `where`."""
    probe_parameters: tuple[Any, ...] = ()

    def check(self) -> tuple[str, tuple[Any, ...]]:
        """As a condition on the candidate c."""
        where, parameters = self.where, self.parameters
        if self.probe:
            where, parameters = self.probe, self.probe_parameters
        match self.source:
            case "metadata":
                where = where if self.ordered else _by_entity(where)
                return _exists("tree_metadata m", "m.entity_id", where), parameters
            case "words":
                return _exists("datasets_document w", "w.entity_id", where), parameters
        return f"({where})", parameters


def _by_entity(where: str) -> str:
    """Plus and position lead SQLite, which knows no numbers of rows, to the index by entity, key
    and position: for a range it would read all that lie in it to find the one of a candidate."""
    if connection.vendor == "postgresql":
        return where
    for column in ("m.number", "m.time", "m.head"):
        where = where.replace(column, f"+{column}")
    return f"({where}) AND m.position >= 0"


def _exists(table: str, column: str, where: str) -> str:
    """OFFSET keeps PostgreSQL from turning the look-up of a candidate into a scan of the table."""
    return f"EXISTS (SELECT 1 FROM {table} WHERE {column} = c.id AND ({where}) LIMIT 1 OFFSET 0)"  # noqa: S608


Judge = Callable[[Sequence[int]], set[int]]
"""Which of these datasets fit: for what no index and no SQL decides alike on every database."""


@dataclass(frozen=True, slots=True)
class Clause:
    """A condition: one of `atoms` holds, or `judge` says so; or, with `negated`, none does while
    `present` holds."""

    atoms: tuple[Atom, ...] = ()
    judge: Judge | None = field(default=None, compare=False)
    negated: bool = False
    present: Atom | None = None
    hint: Atom | None = None
    """What certainly holds where `judge` says yes, to start from."""

    def check(self) -> tuple[str, list[Any]]:
        """As SQL on the candidate c; not for a clause with a judge."""
        parts = [each.check() for each in self.atoms]
        text = " OR ".join(part for part, _ in parts) or "1 = 0"
        parameters = [each for _, some in parts for each in some]
        if not self.negated:
            return f"({text})", parameters
        if self.present is None:
            return f"(NOT ({text}))", parameters
        there, more = self.present.check()
        return f"({there} AND NOT ({text}))", [*more, *parameters]


@dataclass(frozen=True, slots=True)
class Bound:
    """One kind of comparison of a value with a bound: by its number, its time or its text."""

    column: str
    where: str
    parameters: tuple[Any, ...]


def metadata_clause(group: Sequence[Condition]) -> Clause:
    """Conditions on one open key that one and the same value must meet: several are all bounds."""
    first = group[0]
    key = first.key
    present = Atom("metadata", "m.key = %s", (key,))
    match first.comparator:
        case Comparator.HAS:
            return Clause((present,))
        case Comparator.LACKS:
            return Clause((present,), negated=True)
    ordered = first.comparator not in BOUNDS
    alternatives = [bounds(each) for each in group]
    atoms = []
    for number in range(len(alternatives[0])):
        together = [each[number] for each in alternatives]
        where = " AND ".join(["m.key = %s", *(each.where for each in together)])
        parameters = (key, *(value for each in together for value in each.parameters))
        atoms.append(Atom("metadata", where, parameters, ordered=ordered))
    clause = Clause(tuple(atoms))
    if first.comparator is Comparator.UNEQUAL:
        return replace(clause, negated=True, present=present)
    return clause


def bounds(given: Condition) -> list[Bound]:
    """The ways in which a value can meet the condition, always the same for the same kind."""
    sign = "=" if given.comparator is Comparator.UNEQUAL else str(given.comparator)
    match given.filter:
        case Filter.TIME:
            moment = read_moment(given.value)
            return [
                Bound("time", f"m.time {sign} %s", (stored(moment),)),
                Bound("number", f"m.number {sign} %s", (moment.timestamp(),)),
            ]
        case Filter.SIZE:
            return [Bound("number", f"m.number {sign} %s", (float(read_size(given.value)),))]
    number = as_number(given.value)
    if number is None:
        return [_text_bound(sign, given.value)]
    by_number = Bound("number", f"m.number {sign} %s", (number,))
    return [by_number, _text_bound(sign, given.value)] if sign == "=" else [by_number]


def _text_bound(sign: str, value: str) -> Bound:
    """Text by code point. Its head decides unless the value is longer."""
    if len(value) < HEAD:
        return Bound("text", f"m.head {sign} %s", (value,))
    head = value[:HEAD]
    if sign == "=":
        return Bound("text", "m.head = %s AND m.text = %s", (head, value))
    less = "<" if "<" in sign else ">"
    text = 'm.text COLLATE "C"' if connection.vendor == "postgresql" else "m.text"
    where = f"m.head {less}= %s AND (m.head {less} %s OR {text} {sign} %s)"
    return Bound("text", where, (head, head, value))


def stored(moment: datetime) -> Any:
    """A moment as the database compares it."""
    return connection.ops.adapt_datetimefield_value(moment)


def values_clause(key: str, values: Sequence[str], negated: bool) -> Clause:
    """One of these whole values, each shorter than a head."""
    if len(values) <= MOST_STREAMS:
        atoms = tuple(
            Atom("metadata", "m.key = %s AND m.head = %s", (key, each), ordered=True)
            for each in values
        )
    else:
        marks = ", ".join(["%s"] * len(values))
        atoms = (Atom("metadata", f"m.key = %s AND m.head IN ({marks})", (key, *values)),)
    present = Atom("metadata", "m.key = %s", (key,)) if negated else None
    return Clause(atoms, negated=negated, present=present)


MOST_STREAMS = 20
"""Streams that one search reads side by side."""


def words_clause(words: Sequence[str]) -> Clause:
    """All of these words, those with a `*` at their end as beginnings."""
    return Clause((words_atom(words),))


def words_atom(words: Sequence[str]) -> Atom:
    """As `words_clause`; the words hold letters and digits alone."""
    if connection.vendor == "postgresql":
        sought = " & ".join(
            f"'{each[:-1]}':*" if each.endswith("*") else f"'{each}'" for each in words
        )
        return Atom("words", "w.words @@ %s::tsquery", (sought,))
    sought = " AND ".join(
        f'"{each[:-1]}"*' if each.endswith("*") else f'"{each}"' for each in words
    )
    probe = " AND ".join(["instr(' ' || w.text || ' ', %s) > 0"] * len(words))
    inside = tuple(f" {each[:-1]}" if each.endswith("*") else f" {each} " for each in words)
    # A beginning is gathered whole before the first is given, so that reading on costs it again.
    ordered = not any(each.endswith("*") for each in words)
    return Atom("words", "datasets_words MATCH %s", (sought,), ordered, probe, inside)
