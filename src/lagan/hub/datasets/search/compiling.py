"""The conditions of a search made ready to run: names become ids, patterns the values that fit."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any

from django.db import connection

from lagan.hub.datasets.search import globs, words
from lagan.hub.datasets.search.asking import Query
from lagan.hub.datasets.search.clauses import (
    HEAD,
    Atom,
    Clause,
    Source,
    metadata_clause,
    stored,
    values_clause,
    words_atom,
    words_clause,
)
from lagan.hub.datasets.search.conditions import (
    BOUNDS,
    NEGATIVE,
    Comparator,
    Condition,
    Filter,
    system_moment,
    system_number,
)
from lagan.hub.datasets.search.filters import as_number
from lagan.hub.datasets.search.keys import Kind, SystemKey
from lagan.hub.tree import queries as tree
from lagan.hub.tree.rules import beneath

MOST_VALUES = 1000
"""Different values of a key that a pattern is compared with beforehand. A key with more is compared
dataset by dataset."""
MOST_NAMESAKES = 100
"""Entities of one name that a condition may mean."""


def compiled(query: Query) -> list[Clause]:
    """A clause for each condition; under ALL the bounds of one key are one clause, because one
    value must lie between them."""
    if query.any:
        return [clause([each]) for each in query.conditions]
    groups: dict[Any, list[Condition]] = {}
    for each in query.conditions:
        between = each.comparator in BOUNDS
        groups.setdefault((each.key, _kind(each)) if between else each, []).append(each)
    return [clause(group) for group in groups.values()]


def words_of(query: Query) -> Clause | None:
    """The clause of the free text, None without one."""
    sought = words.sought(query.text)
    return words_clause(sought) if sought else None


def needs_metadata(query: Query) -> bool:
    """Whether the answer would tell something of metadata."""
    return bool(query.text.strip()) or any(each.system is None for each in query.conditions)


def _kind(given: Condition) -> tuple[Filter, bool]:
    return given.filter, given.filter is Filter.AS_IS and as_number(given.value) is not None


def clause(group: Sequence[Condition]) -> Clause:
    """The clause of conditions that belong together."""
    first = group[0]
    known = first.system
    if known is not None:
        return _system_clause(known, group)
    if first.comparator in (Comparator.LIKE, Comparator.UNLIKE):
        return _pattern(first)
    return metadata_clause(group)


def _pattern(given: Condition) -> Clause:
    negated = given.comparator in NEGATIVE
    values = _values(given.key)
    if values is not None:
        fitting = [each for each in values if globs.matches(given.value, each)]
        return values_clause(given.key, fitting, negated)
    present = Atom("metadata", "m.key = %s", (given.key,))
    judge = partial(_judge_values, given.key, given.value)
    return Clause(judge=judge, negated=negated, present=present, hint=_hint(given))


def _values(key: str) -> list[str] | None:
    """The values of a key, None where there are too many or too long ones: from value to value
    along the index, without reading the entities between."""
    sql = (
        "WITH RECURSIVE t(head) AS (SELECT min(m.head) FROM tree_metadata m WHERE m.key = %s"
        " UNION ALL SELECT (SELECT min(m.head) FROM tree_metadata m"
        " WHERE m.key = %s AND m.head > t.head) FROM t WHERE t.head IS NOT NULL)"
        " SELECT head FROM t WHERE head IS NOT NULL LIMIT %s"
    )
    with connection.cursor() as cursor:
        cursor.execute(sql, [key, key, MOST_VALUES + 1])
        found = [head for (head,) in cursor.fetchall()]
    if len(found) > MOST_VALUES or any(len(each) >= HEAD for each in found):
        return None
    return found


def _judge_values(key: str, pattern: str, ids: Sequence[int]) -> set[int]:
    marks = ", ".join(["%s"] * len(ids))
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT entity_id, text FROM tree_metadata WHERE entity_id IN ({marks}) AND key = %s",  # noqa: S608
            [*ids, key],
        )
        return {entity for entity, text in cursor.fetchall() if globs.matches(pattern, text)}


def _hint(given: Condition) -> Atom | None:
    """Whole words in a pattern are in the index of words, whatever stands around them."""
    if given.comparator in NEGATIVE:
        return None
    sought = words.in_pattern(given.value)
    return words_atom(sought) if sought else None


def _system_clause(known: SystemKey, group: Sequence[Condition]) -> Clause:
    first = group[0]
    match known.kind:
        case Kind.PLACE:
            return _place(known, first)
        case Kind.WITHIN:
            return _within(known, first)
        case Kind.NAME if first.comparator in (Comparator.LIKE, Comparator.UNLIKE):
            judge = partial(_judge_names, first.value)
            negated = first.comparator in NEGATIVE
            return Clause(judge=judge, negated=negated, hint=_hint(first))
    source: Source = "entity" if known.column.startswith("e.") else "dataset"
    if first.comparator in (Comparator.HAS, Comparator.LACKS):
        negated = first.comparator is Comparator.LACKS
        return Clause((Atom("dataset", f"{known.column} IS NOT NULL", ()),), negated=negated)
    signs = [
        "=" if each.comparator is Comparator.UNEQUAL else str(each.comparator) for each in group
    ]
    where = " AND ".join(f"{known.column} {sign} %s" for sign in signs)
    values = tuple(_system_value(known, each) for each in group)
    atom = Atom(source, where, values, ordered=signs == ["="])
    if first.comparator is Comparator.UNEQUAL:
        present = Atom("dataset", f"{known.column} IS NOT NULL", ())
        return Clause((atom,), negated=True, present=present)
    return Clause((atom,))


def _system_value(known: SystemKey, given: Condition) -> Any:
    if known.kind is Kind.TIME:
        return stored(system_moment(given))
    if known.kind in (Kind.ID, Kind.COUNT, Kind.SIZE):
        return system_number(given)
    return given.value


def _place(known: SystemKey, given: Condition) -> Clause:
    """By the entity's id, its name, or a group's path; a pattern by name, or by path when it begins
    with a slash."""
    negated = given.comparator in NEGATIVE
    present = Atom("dataset", f"{known.column} IS NOT NULL", ())
    match given.comparator:
        case Comparator.HAS:
            return Clause((present,))
        case Comparator.LACKS:
            return Clause((present,), negated=True)
        case Comparator.LIKE | Comparator.UNLIKE:
            judge = partial(_judge_places, known.column, given.value)
            return Clause(judge=judge, negated=negated, present=present)
    source: Source = "entity" if known.column.startswith("e.") else "dataset"
    atoms = tuple(
        Atom(source, f"{known.column} = %s", (each,), ordered=True)
        for each in named(known.choices[0], given.value)
    )
    return Clause(atoms, negated=negated, present=present if negated else None)


def _within(known: SystemKey, given: Condition) -> Clause:
    rows = tree.rows(named(known.choices[0], given.value)).values()
    atoms = tuple(
        Atom("entity", "e.path >= %s AND e.path < %s", beneath(each.path)) for each in rows
    )
    return Clause(atoms, negated=given.comparator in NEGATIVE)


def named(type: str, value: str) -> list[int]:
    """The ids of the entities of a type that a value means: by path, else by name and by id."""
    if value.startswith("/"):
        found = _at_path([each for each in value.split("/") if each])
        return [found] if found else []
    ids = tree.namesakes(type=type, name=value, limit=MOST_NAMESAKES)
    if value.isascii() and value.isdigit() and len(value) <= 18:
        row = tree.rows([int(value)]).get(int(value))
        ids += [row.id] if row and row.type == type and row.id not in ids else []
    return ids


def _at_path(names: Sequence[str]) -> int | None:
    """The group at a path of names from the root."""
    here: int | None = None
    for name in names:
        here = tree.child(type="GROUP", name=name, parent=here)
        if here is None:
            return None
    return here


def _judge_names(pattern: str, ids: Sequence[int]) -> set[int]:
    return {each.id for each in tree.rows(ids).values() if globs.matches(pattern, each.name)}


def _judge_places(column: str, pattern: str, ids: Sequence[int]) -> set[int]:
    marks = ", ".join(["%s"] * len(ids))
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT e.id, {column} FROM tree_entity e JOIN datasets_dataset d"  # noqa: S608
            f" ON d.entity_id = e.id WHERE e.id IN ({marks})",
            list(ids),
        )
        places = {dataset: place for dataset, place in cursor.fetchall() if place is not None}
    known = set(places.values())
    if pattern.startswith("/"):
        names = tree.full_path(known)
    else:
        names = {each.id: each.name for each in tree.rows(known).values()}
    fitting = {each for each, name in names.items() if globs.matches(pattern, name)}
    return {dataset for dataset, place in places.items() if place in fitting}
