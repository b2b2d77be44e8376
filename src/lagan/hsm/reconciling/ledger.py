"""What was seen at a site and at a target, side by side on disk: memory does not grow with it."""

from __future__ import annotations

import os
import sqlite3
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from lagan.hsm.naming import digest_of
from lagan.hsm.reconciling.looking import Found
from lagan.hsm.record import Record

_TABLES = """
create table uses (digest text, object text, path blob, device integer, inode integer,
                   size integer, away integer);
create table objects (name text primary key, digest text, size integer);
create table needed (digest text primary key) without rowid;
create table records (note text, path blob, root text, object text);
"""
_INDEXES = """
create index uses_digest on uses (digest);
create index uses_path on uses (path);
create index objects_digest on objects (digest);
create index records_object on records (object);
"""


class Ledger:
    """Files' uses of objects, objects, what other folders need, records."""

    def __init__(self, database: sqlite3.Connection) -> None:
        self._database = database
        database.executescript("pragma journal_mode=off; pragma synchronous=off;" + _TABLES)

    def add_uses(self, found: Iterable[Found]) -> None:
        """Files that use an object of the target."""
        self._many("insert into uses values (?,?,?,?,?,?,?)", (
            (digest_of(m.object), m.object, os.fsencode(each.path), *each.inode, m.size, m.away)
            for each in found if (m := each.marker) is not None
        ))  # fmt: skip

    def add_objects(self, found: Iterable[tuple[str, int]]) -> None:
        """Names and sizes of objects."""
        self._many("insert or replace into objects values (?,?,?)", (
            (name, digest_of(name), size) for name, size in found
        ))  # fmt: skip

    def add_needed(self, digests: Iterable[str]) -> None:
        """What other folders need."""
        self._many("insert or ignore into needed values (?)", ((each,) for each in digests))

    def add_records(self, found: Iterable[tuple[str, Record]]) -> None:
        """Records, by the names that they are kept by."""
        self._many("insert into records values (?,?,?,?)", (
            (note, os.fsencode(each.path), each.root, each.object) for note, each in found
        ))  # fmt: skip

    def settle(self) -> None:
        """All is there that is asked about from now on."""
        self._database.executescript(_INDEXES)

    def bad_uses(self) -> Iterator[tuple[str, str, bool]]:
        """Paths of stubs whose object has another size, or is not there (then True)."""
        asked = """select uses.path, uses.object, objects.name is null from uses
                   left join objects on objects.name = uses.object
                   where uses.away and (objects.size is null or objects.size != uses.size)"""
        for path, name, missing in self._database.execute(asked):
            yield os.fsdecode(path), name, bool(missing)

    def is_used(self, name: str) -> bool:
        """Whether a file here uses the object."""
        return self._any("select 1 from uses where digest = ? limit 1", digest_of(name))

    def is_needed(self, name: str) -> bool:
        """Whether another folder needs it."""
        return self._any("select 1 from needed where digest = ?", digest_of(name))

    def has(self, name: str) -> bool:
        """Whether the target holds it."""
        return self._any("select 1 from objects where name = ?", name)

    def has_record(self, name: str) -> bool:
        """Whether any record speaks of it."""
        return self._any("select 1 from records where object = ? limit 1", name)

    def uses_at(self, path: str, name: str) -> bool:
        """Whether the file at a path uses an object."""
        asked = "select 1 from uses where path = ? and object = ? limit 1"
        return self._any(asked, os.fsencode(path), name)

    def user_of(self, name: str) -> str | None:
        """The path of one of the files that use an object."""
        asked = "select path from uses where digest = ? limit 1"
        row = self._database.execute(asked, (digest_of(name),)).fetchone()
        return os.fsdecode(row[0]) if row else None

    def records_of(self, root: str) -> Iterator[tuple[str, str, str]]:
        """Names, paths and objects of the records that a folder told."""
        asked = "select note, path, object from records where root = ?"
        for note, path, name in self._database.execute(asked, (root,)):
            yield note, os.fsdecode(path), name

    def speakers(self) -> set[str]:
        """Folders that told any record, whether or not they told of themselves."""
        asked = "select distinct root from records where root != ''"
        return {row[0] for row in self._database.execute(asked)}

    def clones(self) -> Iterator[str]:
        """Paths of files, but for one of each object, that are other files with the same object."""
        asked = """select path from uses where digest in (
                       select digest from uses group by digest
                       having count(distinct device || ' ' || inode) > 1)
                   and rowid not in (select min(rowid) from uses group by digest)"""
        return (os.fsdecode(row[0]) for row in self._database.execute(asked))

    def unknown(self) -> Iterator[tuple[str, int]]:
        """Objects that nothing uses, needs or speaks of."""
        asked = """select name, size from objects
                   where not exists (select 1 from uses where uses.digest = objects.digest)
                   and not exists (select 1 from needed where needed.digest = objects.digest)
                   and not exists (select 1 from records where records.object = objects.name)"""
        yield from self._database.execute(asked)

    def used(self, share: str) -> list[str]:
        """Digests of what is used here, of one share."""
        asked = "select distinct digest from uses where digest >= ? and digest < ? order by 1"
        return [row[0] for row in self._database.execute(asked, (share, share + "g"))]

    def object_called(self, digest: str) -> tuple[str, int] | None:
        """Name and size of the object whose name has a digest."""
        asked = "select name, size from objects where digest = ? limit 1"
        row: tuple[str, int] | None = self._database.execute(asked, (digest,)).fetchone()
        return row

    def _many(self, statement: str, rows: Iterable[tuple[Any, ...]]) -> None:
        self._database.executemany(statement, rows)

    def _any(self, asked: str, *values: Any) -> bool:
        return self._database.execute(asked, values).fetchone() is not None


@contextmanager
def scratch() -> Iterator[Ledger]:
    """A ledger that is gone afterwards."""
    with tempfile.TemporaryDirectory(prefix="lagan-reconcile-") as folder:
        database = sqlite3.connect(Path(folder) / "ledger", isolation_level=None)
        try:
            yield Ledger(database)
        finally:
            database.close()
