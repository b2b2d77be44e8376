"""Many rows in one statement batch, on any database, inside the transaction that is open."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from django.core.management.color import no_style
from django.db import connections, models, router, transaction
from django.db.backends.base.base import BaseDatabaseWrapper

Rows = Sequence[Sequence[Any]]

_AS_THEY_ARE = (
    models.CharField,
    models.TextField,
    models.IntegerField,
    models.FloatField,
    models.BooleanField,
)
"""Fields whose Python values both drivers take unchanged: no call per value is spent on them."""


def insert(model: type[models.Model], rows: Rows, columns: Sequence[str]) -> int:
    """Insert `rows`, each as long as `columns` (field or column names), and say how many.

    No defaults are filled in and no instances made: more than 100,000 rows a second on SQLite.
    Database errors come through as Django's own (IntegrityError and so on).
    """
    if not rows:
        return 0
    connection = connections[router.db_for_write(model)]
    fields = [model._meta.get_field(name) for name in columns]
    prepared = _prepared(rows, [_preparation(field, connection) for field in fields])
    quote = connection.ops.quote_name
    table = quote(model._meta.db_table)
    names = ", ".join(quote(str(field.column)) for field in fields)  # type: ignore[union-attr]
    with transaction.atomic(using=connection.alias), connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            with (
                connection.wrap_database_errors,
                cursor.cursor.copy(f"COPY {table} ({names}) FROM STDIN") as copy,
            ):
                for row in prepared:
                    copy.write_row(row)
        else:
            marks = ", ".join(["%s"] * len(fields))
            statement = f"INSERT INTO {table} ({names}) VALUES ({marks})"  # noqa: S608 - quoted names
            cursor.executemany(statement, prepared)
    return len(rows)


def reserve_ids(model: type[models.Model], count: int) -> range | list[int]:
    """`count` ids of `model` that nobody else will get, rising. Must be called inside a
    transaction."""
    connection = connections[router.db_for_write(model)]
    connection.validate_no_broken_transaction()
    if not connection.in_atomic_block:
        raise transaction.TransactionManagementError(
            "Ids are reserved inside the transaction that uses them."
        )
    table, column = model._meta.db_table, model._meta.pk.column
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute(
                "SELECT nextval(pg_get_serial_sequence(%s, %s)) FROM generate_series(1, %s)",
                [f'"{table}"', column, count],
            )
            return [row[0] for row in cursor.fetchall()]
        cursor.execute("UPDATE sqlite_sequence SET seq = seq + %s WHERE name = %s", [count, table])
        if cursor.rowcount == 0:
            cursor.execute(
                "INSERT INTO sqlite_sequence (name, seq) VALUES (%s, %s)", [table, count]
            )
        cursor.execute("SELECT seq FROM sqlite_sequence WHERE name = %s", [table])
        last = int(cursor.fetchone()[0])
        return range(last - count + 1, last + 1)


def keep_counting(model: type[models.Model]) -> None:
    """After rows came in with keys of their own: let the next key follow the largest."""
    connection = connections[router.db_for_write(model)]
    with connection.cursor() as cursor:
        for statement in connection.ops.sequence_reset_sql(no_style(), [model]):
            cursor.execute(statement)


def _preparation(field: Any, connection: BaseDatabaseWrapper) -> Callable[[Any], Any] | None:
    # Exact types count: a subclass may store something else than it is given.
    if type(field) in _AS_THEY_ARE or isinstance(field, (models.IntegerField, models.AutoField)):
        return None
    if isinstance(field, models.TextField | models.CharField) and _stores_plainly(field):
        return None
    if isinstance(field, models.ForeignKey):
        return _preparation(field.target_field, connection)
    return _remembering(lambda value: field.get_db_prep_save(value, connection))


def _remembering(prepare: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """The same, but quick for a value that comes again and again, as the time of a batch does."""
    last: list[Any] = [None, prepare(None)]

    def prepared(value: Any) -> Any:
        if value is not last[0]:
            last[:] = value, prepare(value)
        return last[1]

    return prepared


def _stores_plainly(field: models.Field[Any, Any]) -> bool:
    return type(field).get_db_prep_value is models.Field.get_db_prep_value


def _prepared(rows: Rows, preparations: Sequence[Callable[[Any], Any] | None]) -> Any:
    odd = [(place, prepare) for place, prepare in enumerate(preparations) if prepare]
    if not odd:
        return rows
    return (_prepared_row(row, odd) for row in rows)


def _prepared_row(row: Sequence[Any], odd: Sequence[tuple[int, Callable[[Any], Any]]]) -> list[Any]:
    values = list(row)
    for place, prepare in odd:
        values[place] = prepare(values[place])
    return values
