"""The rows of the archive server's own SQLite file come into our catalogue, once.

All tables in one transaction: the catalogue is filled or as empty as before. The file itself is
only read, so that a site can go back to it.
"""

from __future__ import annotations

import logging
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, NamedTuple

from django.apps import apps
from django.db import DatabaseError, connection, models

from lagan.hub.doors.node.config.shape import NodeConfig
from lagan.hub.doors.node.files import catalogue
from lagan.hub.doors.node.models import Disk, Host, Proof, StoredFile
from lagan.hub.doors.node.process.start import root_of
from lagan.kit.errors import BadInput

_log = logging.getLogger(__name__)

THEIRS = "theirs"
"""What the attached file is called in statements."""


class Taken(NamedTuple):
    """A table: how many rows came, how many did not because of their key."""

    table: str
    rows: int
    left_out: int


def take_over(config: NodeConfig) -> list[Taken]:
    """Fill our empty catalogue from the file that `Db` names; nothing when it is not SQLite, there
    is no such file or ours has rows. BadInput when the file cannot be read."""
    if connection.vendor != "sqlite":
        return []
    file = root_of(config) / config.database.connection.get("database", "")
    if not file.is_file() or _is_filled():
        return []
    with _attached(file), catalogue.turn():
        if _is_filled():
            return []
        # Above the level that is shown while the log is not open yet.
        _log.warning("The catalogue is filled from %s.", file)
        taken = list(_copy_all())
    _log.warning("%d rows of %s were taken over.", sum(each.rows for each in taken), file)
    return taken


def _is_filled() -> bool:
    return any(model.objects.exists() for model in (StoredFile, Disk, Host))


@contextmanager
def _attached(file: Path) -> Iterator[None]:
    """The file beside our own tables, to be read only."""
    address = f"{file.absolute().as_uri()}?mode=ro"
    with connection.cursor() as cursor:
        try:
            cursor.execute(f"ATTACH DATABASE %s AS {THEIRS}", [address])
            cursor.execute(f"PRAGMA {THEIRS}.schema_version")
        except (DatabaseError, sqlite3.Error) as error:
            with suppress(DatabaseError):
                cursor.execute(f"DETACH DATABASE {THEIRS}")
            raise BadInput(f"Db.database: {file} is no database of SQLite: {error}.") from None
    try:
        yield
    finally:
        with connection.cursor() as cursor:
            cursor.execute(f"DETACH DATABASE {THEIRS}")


def _copy_all() -> Iterator[Taken]:
    with connection.cursor() as cursor:
        for model in apps.get_app_config("node").get_models():
            table = model._meta.db_table
            theirs = _columns(cursor, table)
            if model is not Proof and theirs:
                taken = _copy(cursor, model, theirs)
                _log.info("%s: %d rows", table, taken.rows)
                if taken.left_out:
                    _log.warning("%s: %d rows have a key twice", table, taken.left_out)
                yield taken


def _columns(cursor: Any, table: str) -> list[str]:
    """Of their table, in small letters; none when there is no such table."""
    cursor.execute(f"PRAGMA {THEIRS}.table_info({table})")
    return [str(row[1]).lower() for row in cursor.fetchall()]


def _copy(cursor: Any, model: type[models.Model], theirs: Sequence[str]) -> Taken:
    table = model._meta.db_table
    pairs = [
        (str(field.column), source)
        for field in model._meta.local_concrete_fields
        if (source := _source(field, theirs)) is not None
    ]
    names = ", ".join(f'"{name}"' for name, _ in pairs)
    sources = ", ".join(source for _, source in pairs)
    cursor.execute(
        f'INSERT OR IGNORE INTO main."{table}" ({names}) SELECT {sources} '  # noqa: S608 - our names
        f'FROM {THEIRS}."{table}" AS old ORDER BY old.rowid'
    )
    rows = max(cursor.rowcount, 0)
    cursor.execute(f'SELECT COUNT(*) FROM {THEIRS}."{table}"')  # noqa: S608 - our names
    return Taken(table, rows, cursor.fetchone()[0] - rows)


_OTHER_NAMES = {"file_ignore": "ignore", "ignore": "file_ignore"}
"""The flag of a file has two names."""


def _source(field: models.Field[Any, Any], theirs: Sequence[str]) -> str | None:
    """The expression that fills a column of ours; None to leave it out, as a key of our own."""
    name = str(field.column)
    if name not in theirs:
        name = _OTHER_NAMES.get(name, name)
    if name not in theirs:
        return _default(field) if not field.null and not field.primary_key else None
    if name == "logical_name":
        return _FIRST_OF_ITS_NAME
    if name == "file_status":
        # That server writes the sixth flag alone as `100`.
        return "SUBSTR('00000000' || COALESCE(TRIM(old.file_status), ''), -8)"
    return f'old."{name}"' if field.null else f'COALESCE(old."{name}", {_default(field)})'


_FIRST_OF_ITS_NAME = (
    f"CASE WHEN EXISTS (SELECT 1 FROM {THEIRS}.ngas_disks AS other"  # noqa: S608 - our names
    " WHERE other.logical_name = old.logical_name AND other.rowid < old.rowid)"
    " THEN NULL ELSE old.logical_name END"
)
"""Logical names are unique in our catalogue, in old ones they should be."""


def _default(field: models.Field[Any, Any]) -> str:
    """What stands for nothing in a column that must have a value, as SQL."""
    default = field.get_default()
    if isinstance(default, int | float) and not isinstance(default, bool):
        return str(default)
    text = str(default or "").replace("'", "''")
    numeric = isinstance(field, models.IntegerField | models.FloatField)
    return "0" if numeric else f"'{text}'"
