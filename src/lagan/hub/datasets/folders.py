"""The files of a dataset seen as folders: one statement a page, however many files lie beneath a
folder."""

from __future__ import annotations

import base64
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db import connection
from django.db.models import QuerySet

from lagan.hub.base.pages import Page
from lagan.hub.datasets.models import Entry
from lagan.kit.errors import BadInput


@dataclass(frozen=True, slots=True)
class FolderItem:
    """A folder (then only `name` and `path` are set) or a file directly in the folder asked for."""

    name: str
    path: str
    is_folder: bool
    size: int | None = None
    sha256: str | None = None
    version: int | None = None
    added: datetime | None = None
    stored: UUID | None = None


_SKIP_SCAN = """
WITH RECURSIVE step(path) AS (
  SELECT min(path) FROM {table}
  WHERE dataset_id = %(dataset)s AND path >= %(start)s AND path < %(stop)s
  UNION ALL
  SELECT (SELECT min(path) FROM {table}
    WHERE dataset_id = %(dataset)s AND path < %(stop)s AND path >=
    CASE WHEN {find}(substr(step.path, %(skip)s), '/') > 0
      THEN substr(step.path, 1, %(skip)s - 2 + {find}(substr(step.path, %(skip)s), '/')) || '0'
      ELSE step.path || %(least)s END)
  FROM step WHERE step.path IS NOT NULL
)
SELECT path FROM step WHERE path IS NOT NULL LIMIT %(limit)s
"""
"""Finds the first path of each item and jumps over the rest of it: `0` is the character after
`/`."""

_LEAST, _GREATEST = "\x01", "\U0010ffff" * 64
"""Before and after all that names can begin with: a part has at most 255 bytes, so 63 of the last
character."""


def folder_page(dataset: int, *, folder: str, after: str | None, size: int) -> Page[FolderItem]:
    """A page of at most `size` items of `folder`, folders and files together in order of name."""
    prefix = f"{folder}/" if folder else ""
    first = _first_paths(dataset, prefix, _decode(after) if after else prefix, size + 1)
    names = [_item_name(path, prefix) for path in first[:size]]
    files = {prefix + name for name, is_folder in names if not is_folder}
    facts = {each.path: each for each in Entry.objects.filter(dataset=dataset, path__in=files)}
    items = [_item(prefix + name, name, is_folder, facts) for name, is_folder in names]
    more = _encode(first[size]) if len(first) > size else None
    return Page(items, more)


def neighbours(dataset: int, path: str) -> tuple[str | None, str | None]:
    """The files before and after `path` in its folder; None at an end, or when a hundred folders
    lie between. A few look-ups by key, however large the folder is."""
    folder, slash, _ = path.rpartition("/")
    prefix = folder + slash
    rows = Entry.objects.filter(dataset=dataset, path__gte=prefix)
    if prefix:
        rows = rows.filter(path__lt=prefix[:-1] + "0")
    return _beside(rows, prefix, path, before=True), _beside(rows, prefix, path, before=False)


_SKIPPED = 100
"""Folders passed over on the way to the next file."""


def _beside(rows: QuerySet[Entry], prefix: str, path: str, *, before: bool) -> str | None:
    bound = {"path__lt" if before else "path__gt": path}
    order = "-path" if before else "path"
    for _ in range(_SKIPPED):
        found = rows.filter(**bound).order_by(order).values_list("path", flat=True).first()
        if found is None:
            return None
        name, is_folder = _item_name(found, prefix)
        if not is_folder:
            return found
        folder = prefix + name
        bound = {"path__lt": folder + "/"} if before else {"path__gte": folder + "0"}
    return None


def _first_paths(dataset: int, prefix: str, start: str, limit: int) -> list[str]:
    find = "strpos" if connection.vendor == "postgresql" else "instr"
    statement = _SKIP_SCAN.format(table=Entry._meta.db_table, find=find)
    stop = prefix[:-1] + "0" if prefix else _GREATEST
    given: dict[str, str | int] = {
        "dataset": dataset,
        "start": start,
        "stop": stop,
        "skip": len(prefix) + 1,
        "least": _LEAST,
        "limit": limit,
    }
    with connection.cursor() as cursor:
        cursor.execute(statement, given)
        return [row[0] for row in cursor.fetchall()]


def _item_name(path: str, prefix: str) -> tuple[str, bool]:
    name, slash, _ = path[len(prefix) :].partition("/")
    return name, bool(slash)


def _item(path: str, name: str, is_folder: bool, facts: dict[str, Entry]) -> FolderItem:
    if is_folder:
        return FolderItem(name, path, True)
    each = facts[path]
    return FolderItem(
        name, path, False, each.size, each.sha256, each.version, each.added_at, each.stored_id
    )


def _encode(path: str) -> str:
    return base64.urlsafe_b64encode(path.encode()).decode().rstrip("=")


def _decode(cursor: str) -> str:
    try:
        return base64.b64decode(
            cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True
        ).decode()
    except ValueError:
        raise BadInput("The page's key is not one that was given out.", field="after") from None
