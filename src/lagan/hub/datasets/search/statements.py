"""The statements that a search runs, for either database: reading candidates, and asking which of
them fit.

They read the tree's tables directly, the only ones outside the tree that do: a page is one pass
over tree, metadata and datasets together (docs/decisions/0008-search.md).
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from django.db import connection, transaction

from lagan.hub.datasets.search.asking import Order
from lagan.hub.datasets.search.clauses import Atom
from lagan.hub.tree.rules import Intervals

Position = tuple[Any, int]
"""Where in an order a dataset stands: what it is ordered by, and its id."""

_SOURCES = {
    "metadata": ("m.entity_id", "tree_metadata m", ""),
    "dataset": ("d.entity_id", "datasets_dataset d", ""),
    "entity": ("e.id", "tree_entity e", "e.type = 'DATASET' AND "),
}
ORDERS = {
    Order.NEWEST: ("d.entity_id", "d.entity_id", True),
    Order.OLDEST: ("d.entity_id", "d.entity_id", False),
    Order.NAME: ("e.name", "e.id", False),
    Order.LARGEST: ("d.bytes", "d.entity_id", True),
    Order.SMALLEST: ("d.bytes", "d.entity_id", False),
}
"""What datasets are ordered by, their id beside it, and whether downwards."""
_STEADY = ("enable_seqscan", "enable_hashjoin", "enable_mergejoin", "jit")


@contextmanager
def steadily() -> Iterator[None]:
    """Keep PostgreSQL to the indexes while a search runs: its estimates know nothing of a single
    key's values, and one wrong guess reads the whole table."""
    if connection.vendor != "postgresql":
        yield
        return
    with transaction.atomic():
        _switch("off")
        yield
        _switch("on")


def _switch(value: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute("; ".join(f"SET LOCAL {each} = {value}" for each in _STEADY))


def rows(sql: str, parameters: Sequence[Any]) -> list[tuple[Any, ...]]:
    """What the statement gives."""
    with connection.cursor() as cursor:
        cursor.execute(sql, parameters)
        return list(cursor.fetchall())


def of_atom(atom: Atom, beyond: int | None, down: bool, limit: int) -> tuple[str, list[Any]]:
    """Up to `limit` ids of what meets the atom, beyond one; in order if the atom is ordered."""
    column, table, fixed = _source(atom)
    parameters: list[Any] = [*atom.parameters]
    where = f"{fixed}({atom.where})"
    if beyond is not None:
        where += f" AND {column} {'<' if down else '>'} %s"
        parameters.append(beyond)
    order = f" ORDER BY {column} {'DESC' if down else 'ASC'}" if atom.ordered else ""
    return f"SELECT {column} AS id FROM {table} WHERE {where}{order} LIMIT %s", [  # noqa: S608
        *parameters,
        limit,
    ]


def _source(atom: Atom) -> tuple[str, str, str]:
    if atom.source != "words":
        return _SOURCES[atom.source]
    if connection.vendor == "postgresql":
        return "w.entity_id", "datasets_document w", ""
    return "rowid", "datasets_words", ""


def of_atoms(
    atoms: Sequence[Atom], beyond: int | None, down: bool, limit: int
) -> tuple[str, list[Any]]:
    """As `of_atom`, of what meets any of these ordered ones; what meets two comes twice."""
    parts, parameters = [], []
    for number, each in enumerate(atoms):
        sql, some = of_atom(each, beyond, down, limit)
        parts.append(f"SELECT id FROM ({sql}) s{number}")  # noqa: S608
        parameters += some
    together = " UNION ALL ".join(parts)
    order = "DESC" if down else "ASC"
    return f"SELECT id FROM ({together}) s ORDER BY id {order} LIMIT %s", [*parameters, limit]  # noqa: S608


def of_walk(order: Order, beyond: Position | None, limit: int) -> tuple[str, list[Any]]:
    """Ids and what they are ordered by, of all datasets beyond a position."""
    key, id, down = ORDERS[order]
    table = "tree_entity e" if key.startswith("e.") else "datasets_dataset d"
    where, parameters = ["e.type = 'DATASET'"] if key.startswith("e.") else [], []
    sign, way = ("<", "DESC") if down else (">", "ASC")
    if beyond is not None and key == id:
        where.append(f"{id} {sign} %s")
        parameters.append(beyond[1])
    elif beyond is not None:
        where.append(f"({key}, {id}) {sign} (%s, %s)")
        parameters += beyond
    condition = f" WHERE {' AND '.join(where)}" if where else ""
    by = f"{id} {way}" if key == id else f"{key} {way}, {id} {way}"
    return f"SELECT {id}, {key} FROM {table}{condition} ORDER BY {by} LIMIT %s", [  # noqa: S608
        *parameters,
        limit,
    ]


def of_intervals(
    intervals: Intervals, beyond: int | None, down: bool, limit: int
) -> tuple[str, list[Any]]:
    """Ids of up to `limit` datasets with paths in the intervals."""
    past = f" AND e.id {'<' if down else '>'} %s" if beyond is not None else ""
    given = [json.dumps(intervals.items), *([beyond] if beyond is not None else []), limit]
    if connection.vendor == "postgresql":
        return (
            "SELECT f.id FROM jsonb_array_elements(%s::jsonb) AS i(v) CROSS JOIN LATERAL"  # noqa: S608
            " (SELECT e.id FROM tree_entity e WHERE e.type = 'DATASET' AND e.path >= i.v->>0"
            f" AND e.path < i.v->>1{past} OFFSET 0) f LIMIT %s",
            given,
        )
    return (
        "SELECT e.id FROM json_each(%s) AS i CROSS JOIN tree_entity e"  # noqa: S608
        " INDEXED BY tree_dataset_path WHERE e.type = 'DATASET'"
        " AND e.path >= json_extract(i.value, '$[0]') AND e.path < json_extract(i.value, '$[1]')"
        f"{past} LIMIT %s",
        given,
    )


def of_candidates(ids: Sequence[int], columns: str, where: str) -> tuple[str, list[Any]]:
    """`columns` of those of these datasets that meet `where`, whose parameters come after the one
    given here."""
    if connection.vendor == "postgresql":
        tables, given = _LATERAL, list(ids)
    else:
        tables, given = _CROSS, json.dumps(list(ids))  # type: ignore[assignment]
    return f"SELECT {columns} FROM {tables} WHERE {where}", [given]  # noqa: S608


_LATERAL = (
    "unnest(%s::bigint[]) AS c(id)"
    " CROSS JOIN LATERAL (SELECT e0.path, e0.name, e0.id, e0.parent_id FROM tree_entity e0"
    " WHERE e0.id = c.id OFFSET 0) e"
    " CROSS JOIN LATERAL (SELECT d0.* FROM datasets_dataset d0"
    " WHERE d0.entity_id = c.id OFFSET 0) d"
)
"""OFFSET keeps the planner from doing anything but look up each candidate."""
_CROSS = (
    "(SELECT value AS id FROM json_each(%s)) c CROSS JOIN tree_entity e ON e.id = c.id"
    " CROSS JOIN datasets_dataset d ON d.entity_id = c.id"
)
