"""The list of all files on this node's disks, given out in portions under one id.

`STATUS?file_list=1` begins a list, `file_list_id` with its id goes on where the portion before
ended, until nothing remains; that id is the same all the time, because clients keep the first.
Where a list stands is a small file that survives the process; the rows are read by key, so a list
costs the same little memory at any length. Source: reference/ngas-http.md section 4.4.
"""

from __future__ import annotations

import gzip
import io
import json
import os
import re
import time
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from fcntl import LOCK_EX, flock
from itertools import islice
from pathlib import Path
from typing import Any, BinaryIO

from django.db.models import Exists, OuterRef, QuerySet, Value
from django.db.models.functions import Concat

from lagan.hub.doors.node.files.keyset import DATED_KEY, PLACE_KEY, by_key
from lagan.hub.doors.node.models import StoredFile
from lagan.hub.doors.node.wire.documents import file_status
from lagan.hub.doors.node.wire.moments import show_local
from lagan.hub.doors.node.wire.requests import InvalidParameter
from lagan.hub.doors.node.wire.status import lines
from lagan.kit.errors import NotFound
from lagan.kit.files import write_atomically
from lagan.kit.ids import new_id

MOST = 100_000
"""Files of a portion, unless the client says otherwise."""
KEPT = 12 * 3600.0
"""Seconds for which a list that nobody goes on with is kept, as the archive server keeps them."""
_COLUMNS = tuple(each.name for each in StoredFile._meta.local_concrete_fields)


@dataclass(slots=True)
class FileList:
    """Where a list stands. `since` is a time as the catalogue has it, or empty; `last` says which
    file was given out last: its disk, and its key among that disk's files."""

    disks: list[str]
    since: str = ""
    unique: bool = False
    remaining: int = 0
    last: tuple[str, list[Any]] | None = None
    id: str = field(default_factory=lambda: new_id().hex)

    @property
    def key(self) -> Sequence[str]:
        """The order of one disk's files: by date where a date is asked for, whose index then finds
        the few that are new."""
        return DATED_KEY if self.since else PLACE_KEY

    def count(self) -> int:
        """How many files there are in all."""
        return sum(self._on(each).count() for each in self.disks)

    def rows(self) -> Iterator[StoredFile]:
        """The files after `last`, one disk after the other."""
        disk, last = self.last or ("", None)
        for each in self.disks:
            if each >= disk:
                start = last if each == disk else None
                for values in by_key(self._on(each), _COLUMNS, self.key, last=start):
                    yield StoredFile(**dict(zip(_COLUMNS, values, strict=True)))

    def _on(self, disk_id: str) -> QuerySet[StoredFile]:
        rows = self._narrowed(StoredFile.objects.all())
        if self.unique:
            earlier = StoredFile.objects.filter(
                file_id=OuterRef("file_id"),
                file_version=OuterRef("file_version"),
                disk_id__lt=OuterRef("disk_id"),
                disk_id__in=self.disks,
            )
            rows = rows.filter(~Exists(self._narrowed(earlier)))
        if not self.since:
            return rows.filter(disk_id=disk_id)
        # Compared as an expression, so that nobody takes the disk's index instead of the date's.
        return rows.alias(disk=Concat("disk_id", Value(""))).filter(disk=disk_id)

    def _narrowed(self, rows: QuerySet[StoredFile]) -> QuerySet[StoredFile]:
        rows = rows.exclude(file_ignore__gt=0)
        return rows.filter(ingestion_date__gte=self.since) if self.since else rows


def begin(folder: Path, disks: Sequence[str], *, since: str = "", unique: bool = False) -> str:
    """Begin a list of the files on some disks; its id. Lists that nobody goes on with are
    dropped."""
    made = FileList(sorted(disks), read_moment(since), unique)
    made.remaining = made.count()
    folder.mkdir(parents=True, exist_ok=True)
    drop_old(folder)
    _keep(folder, made)
    return made.id


def portion(folder: Path, id: str, target: BinaryIO, most: int = MOST) -> None:
    """Write the next at most `most` files of a list as gzip'd XML. NotFound for an id that is not,
    or no longer, known."""
    place = _place(folder, id)
    try:
        held = place.open("rb")
    except FileNotFoundError:
        raise _unknown(id) from None
    with held:
        flock(held, LOCK_EX)
        if not place.exists():
            raise _unknown(id)
        try:
            known = FileList(**json.loads(place.read_bytes()))
        except ValueError:
            # The process ended while it was written.
            raise _unknown(id) from None
        _write(known, target, most)
        if known.remaining:
            _keep(folder, known)
        else:
            place.unlink(missing_ok=True)


def _write(known: FileList, target: BinaryIO, most: int) -> None:
    known.remaining = max(known.remaining - most, 0)
    with (
        gzip.GzipFile(fileobj=target, mode="wb", compresslevel=1) as packed,
        io.TextIOWrapper(packed, "utf-8", "replace", write_through=False) as text,
    ):
        said = f"REMAINING_DATA_OBJECTS: {known.remaining}"
        text.write('<?xml version="1.0" ?>\n\n<NgamsStatus>\n')
        text.write(f'<FileList Id="{known.id}" Status="{said}">\n\n')
        for row in islice(known.rows(), most):
            text.write("".join(lines(file_status(row, listed=True), 1)))
            known.last = row.disk_id, [getattr(row, name) for name in known.key]
        text.write("\n</FileList>\n</NgamsStatus>\n")


def drop_old(folder: Path, age: float = KEPT) -> None:
    """Drop lists that were not used for `age` seconds."""
    oldest = time.time() - age
    for each in folder.glob("*.json"):
        with suppress(FileNotFoundError):
            if each.stat().st_mtime < oldest:
                each.unlink()


def read_moment(text: str) -> str:
    """A time as the catalogue writes it, from ISO 8601, whole or in part, or seconds since the
    epoch; nothing stays nothing. InvalidParameter."""
    if not text:
        return ""
    try:
        if re.fullmatch(r"\d{1,11}(\.\d+)?", text, re.ASCII) and len(text) > len("2026"):
            return show_local(datetime.fromtimestamp(float(text), UTC))
        return datetime.fromisoformat(text).replace(tzinfo=None).isoformat(timespec="milliseconds")
    except (ValueError, OverflowError, OSError):
        raise InvalidParameter(
            f"from_ingestion_date is neither ISO 8601 nor seconds since the epoch: {text[:40]}",
            parameter="from_ingestion_date",
        ) from None


def _keep(folder: Path, known: FileList) -> None:
    place = _place(folder, known.id)
    data = json.dumps(asdict(known)).encode()
    if place.exists():
        # In place, because whoever waits for its lock holds this very file.
        with place.open("r+b") as opened:
            opened.write(data)
            opened.truncate()
            os.fsync(opened.fileno())
    else:
        write_atomically(place, data)


def _place(folder: Path, id: str) -> Path:
    """The file of a list; an id that is none leads nowhere."""
    if not re.fullmatch(r"[0-9a-f]{32}", id, re.ASCII):
        raise _unknown(id)
    return folder / f"{id}.json"


def _unknown(id: str) -> NotFound:
    return NotFound(f"There is no file list with ID: {id[:64]}; it may have been given out whole.")
