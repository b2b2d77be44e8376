"""The archive server's tables may be there already: then they stay, and get what they lack."""

from __future__ import annotations

from typing import Any

from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.state import ProjectState


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
            described = connection.introspection.get_table_description(cursor, model._meta.db_table)
            indexes = connection.introspection.get_constraints(cursor, model._meta.db_table)
        columns = {each.name for each in described}
        for field in model._meta.local_concrete_fields:
            if field.column and field.column not in columns:
                schema_editor.add_field(model, field)
        for index in model._meta.indexes:
            if index.name not in indexes:
                schema_editor.add_index(model, index)
