"""ngamsNgLogPlugIn: a server's own log files, under the day of their first line.

A log's lines begin with a time; its date is the day under which the log lies. With `gzip` among
PlugInPars it is kept compressed. Source: reference/ngas-http.md section 12; what the archive server
makes of the name is not documented, so it stays that of the file.
"""

from __future__ import annotations

import re
from datetime import date

from lagan.hub.doors.node.files.layout import type_of, with_extension
from lagan.hub.doors.node.plugins.dapi import packing
from lagan.hub.doors.node.plugins.dapi.arrived import Arrived, Filed

_DATE = re.compile(rb"(\d{4}-\d\d-\d\d)[T ]\d\d:\d\d")
_HEAD = 4096
"""Bytes in which the first time is looked for."""
COMPRESSION = "gzip --no-name"


def file_log(arrived: Arrived) -> Filed:
    """The log under its own name."""
    name = with_extension(arrived.name, arrived.mime_type, arrived.extensions)
    day = _first_day(arrived)
    if not any("gzip" in part for pair in arrived.configured.items() for part in pair):
        return Filed(arrived.file_id, name, arrived.mime_type, day)
    name += ".gz"
    return Filed(
        arrived.file_id,
        name,
        type_of(name, arrived.extensions) or "application/x-nglog",
        day,
        compression=COMPRESSION,
        uncompressed_size=arrived.size,
        content=lambda: packing.pack(arrived.pieces(), packing.method(COMPRESSION)),
    )


def _first_day(arrived: Arrived) -> date | None:
    with arrived.path.open("rb") as source:
        found = _DATE.search(source.read(_HEAD))
    try:
        return date.fromisoformat(found[1].decode()) if found else None
    except ValueError:
        return None
