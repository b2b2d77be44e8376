"""What of a dataset's files a look-up compares, and no more: it is asked for ten thousand at once,
and on SQLite a moment costs more to read than all the rest of a row (measured)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple
from uuid import UUID

from lagan.hub.datasets.models import Entry

PATHS_A_QUERY = 900
"""Paths that one question names; SQLite of old took 999 values."""


class Kept(NamedTuple):
    """A current file: its bytes, its time in ns since the epoch, SHA-256 in hex where known."""

    path: str
    stored: UUID
    size: int
    mtime_ns: int
    sha256: str | None


def kept_at(id: int, paths: Sequence[str]) -> dict[str, Kept]:
    """The current files at some paths of a dataset whose visibility the caller has settled;
    missing ones are absent."""
    found: dict[str, Kept] = {}
    for start in range(0, len(paths), PATHS_A_QUERY):
        some = paths[start : start + PATHS_A_QUERY]
        rows = Entry.objects.filter(dataset=id, path__in=some)
        columns = rows.values_list("path", "stored_id", "size", "mtime_ns", "sha256")
        found.update((row[0], Kept._make(row)) for row in columns)
    return found
