"""What the agent remembers between runs, in one SQLite file: only ever a way to be quicker, never
the truth."""

from __future__ import annotations

import contextlib
import sqlite3
import threading
import time
from collections.abc import Iterable, Sequence
from pathlib import Path

from lagan.agent.plan import Task
from lagan.kit.errors import BadInput

VERIFIED_FOR = 24 * 3600.0
"""Seconds that a file seen with all its replicas verified is not asked about again."""

_SCHEMA = """
CREATE TABLE IF NOT EXISTS uploads (dataset TEXT, path TEXT, size INT, mtime_ns INT, upload TEXT,
    PRIMARY KEY (dataset, path)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS verified (dataset TEXT, path TEXT, size INT, mtime_ns INT, seen REAL,
    PRIMARY KEY (dataset, path)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS digests (dataset TEXT, path TEXT, size INT, mtime_ns INT, sha256 TEXT,
    PRIMARY KEY (dataset, path)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS waiting (root TEXT, path TEXT, size INT, mtime_ns INT, since REAL,
    PRIMARY KEY (root, path)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS datasets (root TEXT, name TEXT, dataset TEXT,
    PRIMARY KEY (root, name)) WITHOUT ROWID;
"""


class State:
    """The memory in `folder`. Threads may share one. A damaged file is put aside and begun anew."""

    def __init__(self, folder: Path) -> None:
        try:
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        except OSError as error:
            raise BadInput(f"Cannot make the state folder {folder}: {error.strerror}.") from None
        self._path = folder / "state.sqlite3"
        self._lock = threading.Lock()
        try:
            self._base = self._open()
        except sqlite3.DatabaseError:
            with contextlib.suppress(OSError):
                self._path.replace(self._path.with_suffix(".damaged"))
            self._base = self._open()

    def close(self) -> None:
        """Close the file."""
        with self._lock:
            self._base.close()

    def upload(self, task: Task) -> tuple[str, bool] | None:
        """The upload begun for this path, and whether it was for the file as it is now."""
        with self._lock:
            row = self._base.execute(
                "SELECT upload, size, mtime_ns FROM uploads WHERE dataset = ? AND path = ?",
                (task.dataset, task.item.path),
            ).fetchone()
        return (row[0], (row[1], row[2]) == task.item[1:]) if row else None

    def uploads(self) -> list[tuple[str, str, str]]:
        """Dataset, path and id of every upload that was begun and not ended."""
        with self._lock:
            return self._base.execute("SELECT dataset, path, upload FROM uploads").fetchall()

    def keep_upload(self, task: Task, upload: str) -> None:
        """Remember an upload before its first byte is sent."""
        self._write(
            "REPLACE INTO uploads VALUES (?, ?, ?, ?, ?)", [(task.dataset, *task.item, upload)]
        )

    def forget_upload(self, dataset: str, path: str) -> None:
        """The upload is archived or gone."""
        self._write("DELETE FROM uploads WHERE dataset = ? AND path = ?", [(dataset, path)])

    def verified(self, dataset: str) -> dict[str, tuple[int, int]]:
        """Size and time of the dataset's files seen verified within VERIFIED_FOR, by path."""
        with self._lock:
            rows = self._base.execute(
                "SELECT path, size, mtime_ns FROM verified WHERE dataset = ? AND seen > ?",
                (dataset, time.time() - VERIFIED_FOR),
            ).fetchall()
        return {path: (size, mtime_ns) for path, size, mtime_ns in rows}

    def keep_verified(self, tasks: Iterable[Task]) -> None:
        """Remember that these were seen verified just now."""
        now = time.time()
        self._write(
            "REPLACE INTO verified VALUES (?, ?, ?, ?, ?)",
            [(task.dataset, *task.item, now) for task in tasks],
        )

    def keep_archived(self, tasks: Iterable[Task]) -> None:
        """Remember that the server had these just now, whether verified or not."""
        self._write(
            "INSERT INTO verified VALUES (?, ?, ?, ?, 0) ON CONFLICT DO UPDATE"
            " SET size = excluded.size, mtime_ns = excluded.mtime_ns, seen = 0"
            " WHERE (size, mtime_ns) <> (excluded.size, excluded.mtime_ns)",
            [(task.dataset, *task.item) for task in tasks],
        )

    def archived(self, dataset: str) -> dict[str, tuple[int, int]]:
        """Size and time of the dataset's files that the server ever had, by path."""
        with self._lock:
            rows = self._base.execute(
                "SELECT path, size, mtime_ns FROM verified WHERE dataset = ?", (dataset,)
            ).fetchall()
        return {path: (size, mtime_ns) for path, size, mtime_ns in rows}

    def digest(self, task: Task) -> str | None:
        """The SHA-256 taken of this file when it had this size and time."""
        with self._lock:
            row = self._base.execute(
                "SELECT sha256 FROM digests"
                " WHERE dataset = ? AND path = ? AND size = ? AND mtime_ns = ?",
                (task.dataset, *task.item),
            ).fetchone()
        return row[0] if row else None

    def keep_digests(self, known: Iterable[tuple[Task, str]]) -> None:
        """Remember digests of files as they are."""
        self._write(
            "REPLACE INTO digests VALUES (?, ?, ?, ?, ?)",
            [(task.dataset, *task.item, sha256) for task, sha256 in known],
        )

    def dataset(self, root: str, name: str) -> str | None:
        """The hub's id of the dataset in this folder, as of an earlier run."""
        with self._lock:
            row = self._base.execute(
                "SELECT dataset FROM datasets WHERE root = ? AND name = ?", (root, name)
            ).fetchone()
        return row[0] if row else None

    def keep_datasets(self, known: Iterable[tuple[str, str, str]]) -> None:
        """Remember (folder, name, id) of datasets."""
        self._write("REPLACE INTO datasets VALUES (?, ?, ?)", list(known))

    def keep_waiting(self, files: Iterable[tuple[str, str, int, int]]) -> None:
        """Remember (folder, path, bytes, time) of files that wait for a server that is away; those
        that wait already keep the time since when they do."""
        rows = [(*file, time.time()) for file in files]
        with self._lock, self._base:
            known = {
                (root, path): since
                for root, path, since in self._base.execute("SELECT root, path, since FROM waiting")
            }
            self._base.execute("DELETE FROM waiting")
            self._base.executemany(
                "INSERT OR REPLACE INTO waiting VALUES (?, ?, ?, ?, ?)",
                [(*row[:4], known.get((row[0], row[1]), row[4])) for row in rows],
            )

    def waiting(self) -> tuple[int, int, float | None]:
        """Files and bytes that wait for the server, and since when the first of them does."""
        with self._lock:
            row = self._base.execute(
                "SELECT count(*), coalesce(sum(size), 0), min(since) FROM waiting"
            ).fetchone()
        return row[0], row[1], row[2]

    def _write(self, statement: str, rows: Sequence[tuple[object, ...]]) -> None:
        if rows:
            with self._lock, self._base:
                self._base.executemany(statement, rows)

    def _open(self) -> sqlite3.Connection:
        base = sqlite3.connect(self._path, timeout=10, check_same_thread=False)
        try:
            # NORMAL: a power cut may take the last entries, which costs only time.
            base.executescript(f"PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; {_SCHEMA}")
        except sqlite3.DatabaseError:
            base.close()
            raise
        return base
