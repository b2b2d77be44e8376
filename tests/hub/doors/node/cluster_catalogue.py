"""The catalogue of a node under test, looked at and changed behind its back, as administrators of
such servers do."""

from __future__ import annotations

import re
import shutil
import sqlite3
from pathlib import Path
from typing import Any

import psycopg

from tests.services.node import Node


def sql(node: Node, statement: str, *values: Any) -> list[tuple[Any, ...]]:
    """Run one statement, its places marked by `?`; the rows that it gives."""
    if "psycopg" in node.database:
        told = dict(re.findall(r'(\w+)="([^"]*)"', node.database))
        told.pop("Interface")
        with psycopg.connect(**told, autocommit=True) as session:
            cursor = session.execute(statement.replace("?", "%s").encode(), values)
            return cursor.fetchall() if cursor.description else []
    connection = sqlite3.connect(sqlite_file(node), timeout=60)
    try:
        with connection:
            return connection.execute(statement, values).fetchall()
    finally:
        connection.close()


def sqlite_file(node: Node) -> Path:
    """Where a node with SQLite has its catalogue."""
    named = re.search(r'database="([^"]*)"', node.database)
    given = Path(named[1]) if named else node.root / "ngas.sqlite"
    return given.with_name(f"{given.stem}.lagan{given.suffix}")


def disk_in(node: Node, slot: str) -> str:
    """The id of the disk in a slot."""
    path = str(node.root / "volumes" / slot)
    return str(sql(node, "SELECT disk_id FROM ngas_disks WHERE mount_point = ?", path)[0][0])


def place(node: Node, file_id: str, disk_id: str = "") -> Path:
    """The path of a copy of a file at a node; of the one on a disk."""
    rows = sql(
        node,
        "SELECT d.mount_point, f.file_name FROM ngas_files f JOIN ngas_disks d"
        " ON d.disk_id = f.disk_id WHERE f.file_id = ? AND (f.disk_id = ? OR ? = '')"
        " ORDER BY f.file_version DESC",
        file_id, disk_id, disk_id,
    )  # fmt: skip
    return Path(str(rows[0][0])) / str(rows[0][1])


def status_of(node: Node, file_id: str) -> dict[str, str]:
    """The flags of the copies of a file by disk."""
    return dict(sql(node, "SELECT disk_id, file_status FROM ngas_files WHERE file_id = ?", file_id))


def noted(node: Node, file_id: str) -> int:
    """How often a copy of a file was noted to be damaged; it may be healed since."""
    rows = sql(node, "SELECT data FROM audit_event WHERE kind = 'node.damaged'")
    return sum(f'"{file_id}/' in str(row[0]).replace("'", '"') for row in rows)


def add_copy(source: Node, file_id: str, target: Node, slot: str) -> Path:
    """Another copy of a file, on a disk of this or another node, as an old server would have made
    it: nobody of ours has looked at it yet."""
    disk = disk_in(target, slot)
    name = str(sql(source, "SELECT file_name FROM ngas_files WHERE file_id = ?", file_id)[0][0])
    path = target.root / "volumes" / slot / name
    path.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(place(source, file_id), path)
    columns = (
        "file_name, file_id, file_version, format, file_size, uncompressed_file_size, compression,"
        " ingestion_date, file_ignore, checksum, checksum_plugin, file_status, creation_date,"
        " container_id, ingestion_rate, io_time"
    )
    sql(
        source,
        f"INSERT INTO ngas_files (disk_id, {columns}) SELECT ?, {columns} FROM ngas_files"
        " WHERE file_id = ? LIMIT 1",
        disk, file_id,
    )  # fmt: skip
    return path


def overwrite(path: Path, content: bytes) -> None:
    """Change an archived file, as a failing disk would."""
    path.chmod(0o644)
    path.write_bytes(content)
