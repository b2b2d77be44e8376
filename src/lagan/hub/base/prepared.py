"""Questions that every request on the data path asks: their statement is built once, for Django
takes ten times as long to build one as SQLite takes to answer it (measured)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from threading import Lock
from typing import Any
from uuid import UUID

from django.db import connection
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import QuerySet

Convert = Callable[[Any, Any, BaseDatabaseWrapper], Any]


@dataclass(frozen=True, slots=True)
class _Statement:
    """What a database is told: the parameters with, by place, which value stands there; and what
    becomes of the columns that do not come as they are."""

    sql: str
    parameters: tuple[Any, ...]
    values: dict[int, int]
    conversions: list[tuple[int, list[Convert], Any]]


class Prepared:
    """The rows of a `values_list` that `build` makes of some values: numbers, texts or UUIDs that
    are compared by `=`.

    `like` are examples of these values, which stand nowhere else in the statement. Whatever else
    the query says is settled when it is first asked.
    """

    def __init__(self, build: Callable[..., QuerySet[Any, Any]], *like: int | str | UUID) -> None:
        self._build, self._like = build, like
        self._known: dict[str, _Statement] = {}
        self._guard = Lock()

    def rows(self, *values: int | str | UUID) -> list[tuple[Any, ...]]:
        """Ask. OverflowError for a number that no column holds, as the database says it."""
        known = self._known.get(connection.vendor) or self._prepare()
        parameters = list(known.parameters)
        for place, which in known.values.items():
            parameters[place] = as_sent(values[which])
        with connection.cursor() as cursor:
            cursor.execute(known.sql, parameters)
            found = cursor.fetchall()
        return [_converted(row, known.conversions) for row in found]

    def _prepare(self) -> _Statement:
        compiler = self._build(*self._like).query.get_compiler(connection=connection)
        sql, parameters = compiler.as_sql()
        sent = [as_sent(each) for each in self._like]
        values = {place: sent.index(each) for place, each in enumerate(parameters) if each in sent}
        assert sorted(values.values()) == [*range(len(sent))], sql  # noqa: S101 - else it asks for an example
        columns = [column for column, _, _ in compiler.select[: compiler.col_count]]
        found = compiler.get_converters(columns)
        conversions = [(at, each, column) for at, (each, column) in found.items()]
        made = _Statement(sql, tuple(parameters), values, conversions)
        with self._guard:
            self._known[connection.vendor] = made
        return made


def as_they_come(rows: QuerySet[Any, Any]) -> list[tuple[Any, ...]]:
    """The rows of a `values_list` as the driver gives them: no value is made of a cell, which for
    UUIDs on SQLite takes longer than all else. Compare them with `as_sent`. EmptyResultSet where
    there can be none."""
    sql, parameters = rows.query.sql_with_params()
    with connection.cursor() as cursor:
        cursor.execute(sql, parameters)
        return cursor.fetchall()  # type: ignore[no-any-return]


def as_sent(value: int | str | UUID) -> Any:
    """What the driver takes and gives for a value."""
    if isinstance(value, UUID) and not connection.features.has_native_uuid_field:
        return value.hex
    return value


def _converted(
    row: tuple[Any, ...], conversions: list[tuple[int, list[Convert], Any]]
) -> tuple[Any, ...]:
    if not conversions:
        return row
    cells = list(row)
    for at, steps, column in conversions:
        for step in steps:
            cells[at] = step(cells[at], column, connection)
    return tuple(cells)
