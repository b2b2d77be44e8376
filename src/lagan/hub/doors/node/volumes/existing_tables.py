"""The archive server's tables may be there already: then they stay, and get what they lack.

Columns and indexes are added; texts that are shorter than ours are made longer, which on PostgreSQL
changes no row. Numbers stay as they are: `models.py` reads them whatever their type.
"""

from __future__ import annotations

import logging
from typing import Any

from django.db import DatabaseError, connection, migrations, transaction
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.state import ProjectState

_log = logging.getLogger(__name__)


class CreateUnlessThere(migrations.CreateModel):
    """As CreateModel; a table of that name gets the columns and indexes that it has not."""

    def database_forwards(
        self,
        app_label: str,
        schema_editor: BaseDatabaseSchemaEditor,
        from_state: ProjectState,
        to_state: ProjectState,
    ) -> None:
        """Make the table, or complete it."""
        model: Any = to_state.apps.get_model(app_label, self.name)
        connection = schema_editor.connection
        with connection.cursor() as cursor:
            there = connection.introspection.table_names(cursor)
        if model._meta.db_table not in there:
            super().database_forwards(app_label, schema_editor, from_state, to_state)
            return
        _complete(schema_editor, model)


def _complete(schema_editor: BaseDatabaseSchemaEditor, model: Any) -> None:
    connection, table = schema_editor.connection, model._meta.db_table
    with connection.cursor() as cursor:
        described = connection.introspection.get_table_description(cursor, table)
        indexes = connection.introspection.get_constraints(cursor, table)
    columns = {each.name: each for each in described}
    for field in model._meta.local_concrete_fields:
        if field.column and field.column not in columns:
            schema_editor.add_field(model, field)
    if connection.vendor == "postgresql":
        _lengthen(schema_editor, model, {name: each.display_size for name, each in columns.items()})
    for index in model._meta.indexes:
        if index.name not in indexes:
            schema_editor.add_index(model, index)


def _lengthen(
    schema_editor: BaseDatabaseSchemaEditor, model: Any, lengths: dict[str, int | None]
) -> None:
    """Make texts as long as ours may be. A view of that site's can stand against it: then its
    limits stay, and longer names are refused by the database."""
    table = schema_editor.quote_name(model._meta.db_table)
    for field in model._meta.local_concrete_fields:
        length = lengths.get(field.column)
        if field.max_length and length and length < field.max_length:
            name = schema_editor.quote_name(field.column)
            longer = f"ALTER TABLE {table} ALTER COLUMN {name} TYPE varchar({field.max_length})"
            try:
                with transaction.atomic(schema_editor.connection.alias):
                    schema_editor.execute(longer)
            except DatabaseError as error:
                _log.warning("%s.%s stays as short as it is: %s", table, name, error)


def ensure_column(model: Any, name: str) -> None:
    """Add the column of a field whose name is a setting, when the table has it not: the migration
    knows only the usual name."""
    field = model._meta.get_field(name)
    with connection.cursor() as cursor:
        there = connection.introspection.get_table_description(cursor, model._meta.db_table)
    if field.column not in {each.name for each in there}:
        with connection.schema_editor() as editor:
            editor.add_field(model, field)
