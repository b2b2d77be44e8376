"""Whole tables as rows that JSON can hold, and back: how the plain models of a room go into
snapshots."""

from __future__ import annotations

import base64
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.core.management.color import no_style
from django.db import connection
from django.db.models import Field, Model

from lagan.hub.archive.rules import slices
from lagan.hub.archive.services.registry import Row, register_exporter
from lagan.hub.base import bulk

BATCH = 2000
"""Rows read and inserted at once."""


def register_table(
    model: type[Model], *, secrets: Mapping[str, Callable[[], Any]] | None = None
) -> None:
    """Put all rows of `model` into snapshots, but not the columns named in `secrets`.

    Those come back with what their function gives.
    """
    instead = secrets or {}
    register_exporter(
        model._meta.label_lower,
        lambda: rows_of(model, frozenset(instead)),
        lambda rows: put_rows(model, rows, instead),
    )


def rows_of(model: type[Model], hidden: frozenset[str] = frozenset()) -> Iterator[Row]:
    """Every row of a table in key order, column name to a value that JSON can hold."""
    names = [each.attname for each in _kept(model) if each.attname not in hidden]
    query = model._default_manager.order_by("pk").values_list(*names)
    for values in query.iterator(chunk_size=BATCH):
        yield {name: _plain(value) for name, value in zip(names, values, strict=True)}


def put_rows(
    model: type[Model], rows: Iterable[Row], instead: Mapping[str, Callable[[], Any]] | None = None
) -> None:
    """In place of all rows of a table, those that `rows_of` gave, with their keys.

    A column that a row lacks gets what `instead` has for it, or its field's default; one that this
    version
    does not know is left out.
    """
    makers = {
        **{each.attname: each.get_default for each in _kept(model)},
        **(instead or {}),
    }
    fields = {each.attname: each for each in model._meta.concrete_fields}
    # Without collecting what refers to them: that is put back in the same transaction.
    model._default_manager.all()._raw_delete(connection.alias)
    for batch in slices(rows, BATCH):
        values = [
            [
                fields[name].to_python(row[name]) if name in row else make()
                for name, make in makers.items()
            ]
            for row in batch
        ]
        # Not Django's own insert: it would put today in the place of a row's own times.
        bulk.insert(model, values, list(makers))
    _continue_keys(model)


def _kept(model: type[Model]) -> list[Field[Any, Any]]:
    """The columns but for those that the database works out from others."""
    return [each for each in model._meta.concrete_fields if not each.generated]


def _continue_keys(model: type[Model]) -> None:
    """Let the next key come after those that were put back (PostgreSQL's sequences do not see
    them)."""
    with connection.cursor() as cursor:
        for statement in connection.ops.sequence_reset_sql(no_style(), [model]):
            cursor.execute(statement)


def _plain(value: Any) -> Any:
    match value:
        case UUID() | Decimal():
            return str(value)
        case datetime() | date():
            return value.isoformat()
        case bytes() | memoryview():
            return base64.b64encode(value).decode()
    return value
