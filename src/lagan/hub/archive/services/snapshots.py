"""Snapshots of the catalogue, kept on the volumes themselves: with the journals they replace a lost
database.

A snapshot is gzipped JSON lines: a head, then for each room a line that names it and its rows, then
an end
with the number of lines and the SHA-256 of all lines before it. One without a true end is not good.
"""

from __future__ import annotations

import gzip
import hashlib
import json
import os
import tempfile
import zlib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import IO, Any

from django.db import connection, transaction

from lagan.hub.archive.errors import DamagedSnapshot
from lagan.hub.archive.models import Volume, VolumeState
from lagan.hub.archive.services.registry import Row, exporters
from lagan.hub.archive.services.volumes import open_store
from lagan.hub.audit.kinds import Kind
from lagan.hub.audit.services import record
from lagan.hub.base.actors import Actor
from lagan.kit.errors import LaganError, Unavailable
from lagan.store.layout import SNAPSHOTS
from lagan.store.volume import Volume as StoreVolume

FORMAT = 1
KEPT = 7
"""Snapshots kept on each volume; at one a day a week of mistakes can be undone."""
PART = 64 << 20
"""Bytes of one file of a snapshot: more go into `.001`, `.002`... beside it, to be joined by
`cat`."""
SPOOL = 16 << 20
"""Bytes of a snapshot held in memory before it goes to a temporary file."""


@dataclass(frozen=True, slots=True)
class Snapshot:
    """One snapshot as it was written: its name, its rows, its bytes, the volumes it is on."""

    name: str
    rows: int
    size: int
    volumes: list[str]


def snapshot(*, by: Actor) -> Snapshot:
    """Write the catalogue as it is at one moment to every online volume, keep the last seven.

    A volume that cannot take it is passed over. Unavailable if none could.
    """
    name = f"{SNAPSHOTS}{datetime.now(UTC):%Y%m%dT%H%M%S.%fZ}.jsonl.gz"
    with tempfile.SpooledTemporaryFile(SPOOL) as file:
        with consistent():
            rows = write_snapshot(file)
        size = file.tell()
        taken = [
            row.name
            for row in Volume.objects.filter(state=VolumeState.ONLINE)
            if _put(row, name, file)
        ]
    if not taken:
        raise Unavailable("No volume could take the snapshot.")
    with transaction.atomic():
        facts = {"name": name, "rows": rows, "size": size, "volumes": taken}
        record(kind=Kind.SNAPSHOT_TAKEN, by=by, data=facts)
    return Snapshot(name, rows, size, taken)


@contextmanager
def consistent() -> Iterator[None]:
    """All reads inside see one moment, and hold up no writer."""
    if connection.in_atomic_block:
        yield
    elif connection.vendor == "postgresql":
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
            yield
    else:
        # Not `atomic`: its BEGIN IMMEDIATE would hold up every writer while the snapshot is taken.
        with connection.cursor() as cursor:
            cursor.execute("BEGIN DEFERRED")
            try:
                yield
            finally:
                cursor.execute("ROLLBACK")


def write_snapshot(file: IO[bytes]) -> int:
    """Write all rooms' rows to `file`; the number of rows."""
    digest, lines, rows = hashlib.sha256(), 0, 0
    with gzip.GzipFile(fileobj=file, mode="wb", compresslevel=4, mtime=0) as packed:
        for each in _lines():
            line = json.dumps(each, ensure_ascii=False, separators=(",", ":")).encode() + b"\n"
            digest.update(line)
            packed.write(line)
            lines += 1
            rows += "row" in each
        end = {"end": lines, "sha256": digest.hexdigest()}
        packed.write(json.dumps(end).encode() + b"\n")
    return rows


def _lines() -> Iterator[dict[str, Any]]:
    yield {"lagan": "snapshot", "format": FORMAT, "at": datetime.now(UTC).isoformat()}
    for each in exporters():
        yield {"room": each.name}
        for row in each.export():
            yield {"row": row}


def _put(row: Volume, name: str, file: IO[bytes]) -> bool:
    """Copy the snapshot to one volume and remove the oldest there; whether it was possible.

    Its last part is written first: whoever finds the first finds all.
    """
    try:
        volume = open_store(row)
        for part in reversed(range(-(-_size(file) // PART))):
            file.seek(part * PART)
            volume.replace(_part(name, part), file.read(PART))
        for old in names(volume)[KEPT:]:
            for each in list(volume.list(old)):
                volume.delete(each.name)
    except LaganError:
        return False
    return True


def _size(file: IO[bytes]) -> int:
    return file.seek(0, os.SEEK_END)


def _part(name: str, number: int) -> str:
    return f"{name}.{number:03d}" if number else name


def names(volume: StoreVolume) -> list[str]:
    """The snapshots on a volume, newest first."""
    found = (each.name for each in volume.list(SNAPSHOTS))
    return sorted((each for each in found if each.endswith(".gz")), reverse=True)


def newest_good(volumes: Iterable[StoreVolume]) -> tuple[StoreVolume, str] | None:
    """The newest snapshot that is whole, wherever it is; None if there is none."""
    found = [(name, place) for place in volumes for name in names(place)]
    for name, place in sorted(found, key=lambda each: each[0], reverse=True):
        try:
            for _ in read_snapshot(place, name):
                pass
        except LaganError:
            continue
        return place, name
    return None


def read_snapshot(volume: StoreVolume, name: str) -> Iterator[tuple[str, Row]]:
    """Each row of a snapshot with its room's name. DamagedSnapshot at the latest at its end."""
    digest, room = hashlib.sha256(), ""
    for number, line in enumerate(_unpacked(volume, name)):
        each = _parsed(line, name)
        if "end" in each:
            if each["end"] != number or each.get("sha256") != digest.hexdigest():
                raise DamagedSnapshot(f"The snapshot {name} is not what was written.", name=name)
            return
        digest.update(line)
        if "room" in each:
            room = each["room"]
        elif "row" in each:
            yield room, each["row"]
    raise DamagedSnapshot(f"The snapshot {name} has no end.", name=name)


def _parsed(line: bytes, name: str) -> dict[str, Any]:
    try:
        value = json.loads(line)
    except ValueError:
        value = None
    if not isinstance(value, dict):
        raise DamagedSnapshot(f"The snapshot {name} has a line that cannot be read.", name=name)
    return value


def _unpacked(volume: StoreVolume, name: str) -> Iterator[bytes]:
    """The lines of a snapshot, each with its newline."""
    unpack, rest = zlib.decompressobj(wbits=31), b""
    parts = sorted(each.name for each in volume.list(name))
    try:
        for piece in (piece for part in parts for piece in volume.read(part)):
            *lines, rest = (rest + unpack.decompress(bytes(piece))).split(b"\n")
            yield from (each + b"\n" for each in lines)
    except zlib.error:
        raise DamagedSnapshot(f"The snapshot {name} cannot be unpacked.", name=name) from None
