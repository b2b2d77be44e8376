"""The files of a dataset seen as folders: one statement a page, however many files lie beneath a
folder."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
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
    mtime_ns: int | None = None


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


EXAMINED = 10_000
"""Names that a page of a filtered folder looks at, at most: about 60 ms. The next page goes on."""
_WINDOW = 1000
"""Names looked at in one statement while filtering."""
_FACTS = ("size", "sha256", "version", "added_at", "stored_id", "mtime_ns")


def folder_page(
    dataset: int, *, folder: str, after: str | None, size: int, start: str = "", text: str = ""
) -> Page[FolderItem]:
    """A page of at most `size` items of `folder`, folders and files together in order of name.

    `start`: begin with the first name that is not before it. `text`: only names with it in them,
    whatever their case; such a page may have few items or none and still be followed by another.
    """
    prefix = f"{folder}/" if folder else ""
    at = _decode(after) if after else prefix + start.replace("\x00", "")
    if not text:
        names, following = _names(dataset, prefix, max(at, prefix), size)
        items = _items(dataset, prefix, names)
        return Page(items, _encode(following) if following is not None else None)
    return _filtered(dataset, prefix, max(at, prefix), size, text.casefold())


def _filtered(dataset: int, prefix: str, at: str, size: int, text: str) -> Page[FolderItem]:
    matching: list[_Name] = []
    following: str | None = at
    for _ in range(EXAMINED // _WINDOW):
        assert following is not None  # noqa: S101 - the loop ends before
        some, following = _names(dataset, prefix, following, _WINDOW)
        matching += [each for each in some if text in each[1].casefold()]
        if len(matching) > size:
            following = matching[size][0]
            break
        if following is None:
            break
    items = _items(dataset, prefix, matching[:size])
    return Page(items, _encode(following) if following is not None else None)


_Name = tuple[str, str, bool]
"""The first path of an item, its name, whether it is a folder."""


def _names(dataset: int, prefix: str, at: str, size: int) -> tuple[list[_Name], str | None]:
    """The next items from `at`, and where those after them begin.

    Files that lie side by side are read as they lie, in one statement; from the first folder on
    each item is jumped to.
    """
    rows = Entry.objects.filter(dataset=dataset, path__gte=at, path__lt=_stop(prefix))
    lying = list(rows.order_by("path").values_list("path", flat=True)[: size + 1])
    for n, path in enumerate(lying):
        if "/" in path[len(prefix) :]:
            jumped = _first_paths(dataset, prefix, path, size + 1 - n)
            lying = [*lying[:n], *jumped]
            break
    found = [(path, *_item_name(path, prefix)) for path in lying[:size]]
    return found, lying[size] if len(lying) > size else None


def _items(dataset: int, prefix: str, names: Sequence[_Name]) -> list[FolderItem]:
    files = [path for path, _, is_folder in names if not is_folder]
    facts: dict[str, tuple[Any, ...]] = {}
    for start in range(0, len(files), 900):
        some = files[start : start + 900]
        rows = Entry.objects.filter(dataset=dataset, path__in=some)
        facts.update((path, rest) for path, *rest in rows.values_list("path", *_FACTS))
    return [
        FolderItem(name, prefix + name, is_folder, *(() if is_folder else facts[path]))
        for path, name, is_folder in names
    ]


def _stop(prefix: str) -> str:
    """What comes after everything in a folder: `0` is the character after `/`."""
    return prefix[:-1] + "0" if prefix else _GREATEST


def neighbours(dataset: int, path: str) -> tuple[str | None, str | None]:
    """The files before and after `path` in its folder; None at an end, or when a hundred folders
    lie between. A few look-ups by key, however large the folder is."""
    folder, slash, _ = path.rpartition("/")
    prefix = folder + slash
    # One bound on each side: given two, SQLite may begin at the farther one.
    rows = Entry.objects.filter(dataset=dataset)
    earlier = rows.filter(path__gte=prefix)
    later = rows.filter(path__lt=_stop(prefix))
    return (
        _beside(earlier, prefix, path, before=True),
        _beside(later, prefix, path, before=False),
    )


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
    given: dict[str, str | int] = {
        "dataset": dataset,
        "start": start,
        "stop": _stop(prefix),
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


def _encode(path: str) -> str:
    return base64.urlsafe_b64encode(path.encode()).decode().rstrip("=")


def _decode(cursor: str) -> str:
    try:
        return base64.b64decode(
            cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True
        ).decode()
    except ValueError:
        raise BadInput("The page's key is not one that was given out.", field="after") from None
