"""Whole tables as rows that JSON can hold, and back: how the plain models of a room go into
snapshots."""

from __future__ import annotations

import base64
from collections.abc import Iterable, Iterator
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.core.management.color import no_style
from django.db import connection
from django.db.models import Model

from lagan.hub.archive.rules import slices
from lagan.hub.archive.services.registry import Row, register_exporter

BATCH = 2000
"""Rows read and inserted at once."""


def register_table(model: type[Model], *, without: Iterable[str] = ()) -> None:
    """Put all rows of `model` into snapshots, but not the columns named in `without` (secrets).

    Such columns come back with their field's default.
    """
    hidden = frozenset(without)
    register_exporter(
        model._meta.label_lower,
        lambda: rows_of(model, hidden),
        lambda rows: put_rows(model, rows),
    )


def rows_of(model: type[Model], hidden: frozenset[str] = frozenset()) -> Iterator[Row]:
    """Every row of a table in key order, column name to a value that JSON can hold."""
    names = [each.attname for each in model._meta.concrete_fields if each.attname not in hidden]
    query = model._default_manager.order_by("pk").values_list(*names)
    for values in query.iterator(chunk_size=BATCH):
        yield {name: _plain(value) for name, value in zip(names, values, strict=True)}


def put_rows(model: type[Model], rows: Iterable[Row]) -> None:
    """In place of all rows of a table, those that `rows_of` gave, with their keys; columns this
    version does not know are left
    out."""
    fields = {each.attname: each for each in model._meta.concrete_fields}
    # Without collecting what refers to them: that is put back in the same transaction.
    model._default_manager.all()._raw_delete(connection.alias)
    for batch in slices(rows, BATCH):
        model._default_manager.bulk_create(
            [
                model(**{n: fields[n].to_python(v) for n, v in row.items() if n in fields})
                for row in batch
            ]
        )
    _continue_keys(model)


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
