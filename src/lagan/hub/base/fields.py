"""Text that sorts by code point, whatever the language of the database."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.db import models
from django.db.backends.base.base import BaseDatabaseWrapper

if TYPE_CHECKING:
    _Text = models.TextField[str, str]
else:
    _Text = models.TextField


class PathField(_Text):
    """A TextField compared byte by byte: COLLATE "C" on PostgreSQL, BINARY (its own default) on
    SQLite.

    Only so do range queries over paths mean the same on both, and the same as Python's comparison.
    """

    def db_parameters(self, connection: BaseDatabaseWrapper) -> Any:
        """The column's type and collation."""
        given = dict(super().db_parameters(connection))
        return {**given, "collation": "C"} if connection.vendor == "postgresql" else given
