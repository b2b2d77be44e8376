"""What is packed in a zip or tar: names, sizes, times; nothing is unpacked."""

from __future__ import annotations

import tarfile
import zipfile
from datetime import UTC, datetime

from lagan.hub.access.previews.blocks import Drawn, NotDrawn, short
from lagan.hub.access.previews.request import THUMB, Asked
from lagan.hub.access.previews.source import Source

MEMBERS = 500
"""Members shown."""
UNPACKED = 512 << 20
"""Bytes of a compressed tar that are gone through for its members' names."""
Row = tuple[str, int, str]


def draw(asked: Asked, source: Source, drawn: Drawn) -> None:
    """The first members."""
    if asked.view == THUMB:
        raise NotDrawn("no-picture")
    rows = _zip(source, drawn) if zipfile.is_zipfile(source) else _tar(source, drawn)
    shown = [[short(name), f"{size:,}".replace(",", "\u202f"), at] for name, size, at in rows]
    drawn.table(["Name", "Bytes", "Changed"], shown)


def _zip(source: Source, drawn: Drawn) -> list[Row]:
    with zipfile.ZipFile(source) as archive:
        members = archive.infolist()
    size, packed = (sum(getattr(e, n) for e in members) for n in ("file_size", "compress_size"))
    drawn.facts("", [("Members", len(members)), ("Bytes unpacked", size), ("Bytes packed", packed)])
    if len(members) > MEMBERS:
        drawn.note("first-members", members=MEMBERS)
    return [
        (each.filename, each.file_size, "{}-{:02}-{:02} {:02}:{:02}".format(*each.date_time[:5]))
        for each in members[:MEMBERS]
    ]


def _tar(source: Source, drawn: Drawn) -> list[Row]:
    source.seek(0)
    rows: list[Row] = []
    try:
        with tarfile.open(fileobj=source, mode="r:*") as archive:
            for each in archive:
                rows.append(_member(each))
                # To name the member after this one, all of this one is unpacked.
                if len(rows) == MEMBERS or each.offset_data + each.size > UNPACKED:
                    drawn.note("first-members", members=len(rows))
                    break
    except tarfile.TarError:
        if not rows:
            raise NotDrawn("unreadable") from None
        drawn.note("damaged-after", members=len(rows))
    return rows


def _member(each: tarfile.TarInfo) -> Row:
    name = each.name
    if each.isdir():
        name += "/"
    elif each.issym() or each.islnk():
        name += f" -> {each.linkname}"
    return name, each.size, _time(each.mtime)


def _time(seconds: float) -> str:
    try:
        return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%d %H:%M}"
    except (ValueError, OverflowError, OSError):
        return ""
