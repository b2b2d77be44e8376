"""Rows in the order of a key, a chunk at a time: memory stays flat, and no transaction is held open
while a client reads."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from django.db.models import Q, QuerySet

CHUNK = 1000
FILE_KEY = ("file_id", "file_version", "disk_id")
"""The key of the catalogue's rows of files."""
PLACE_KEY = ("file_name", "file_id", "file_version")
"""The key of rows of one disk: an index gives them in this order, so that a chunk is one range."""
DATED_KEY = ("ingestion_date", *FILE_KEY)
"""The key of rows that are chosen by their date."""


def after(key: Sequence[str], last: Sequence[Any]) -> Q:
    """Rows whose key comes after `last`; the first part stands alone too, for its index."""
    name, value = key[0], last[0]
    if len(key) == 1:
        return Q(**{f"{name}__gt": value})
    following = Q(**{f"{name}__gt": value}) | Q(**{name: value}) & after(key[1:], last[1:])
    return Q(**{f"{name}__gte": value}) & following


def by_key(
    rows: QuerySet[Any, Any],
    columns: Sequence[str],
    key: Sequence[str] = FILE_KEY,
    *,
    chunk: int = CHUNK,
    last: Sequence[Any] | None = None,
) -> Iterator[tuple[Any, ...]]:
    """The values of `columns` of all rows, ordered by `key`, which is unique and without nulls;
    those after `last` when it is given."""
    width = len(columns)
    ordered = rows.order_by(*key).values_list(*columns, *key)
    while True:
        wanted = ordered if last is None else ordered.filter(after(key, last))
        found = list(wanted[:chunk])
        for row in found:
            yield row[:width]
        if len(found) < chunk:
            return
        last = found[-1][width:]
