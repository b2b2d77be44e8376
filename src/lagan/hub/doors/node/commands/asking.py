"""QUERY: rows of the catalogue, in the form that is asked for."""

from __future__ import annotations

from lagan.hub.doors.node.commands.command import Command
from lagan.hub.doors.node.files.listings import QUERIES
from lagan.hub.doors.node.wire.reply import Call, Failed
from lagan.hub.doors.node.wire.row_formats import FORMATS
from lagan.hub.doors.node.wire.server import Answer
from lagan.hub.doors.node.wire.spooled import spooled


def _query(call: Call) -> Answer:
    name = call.request.get("query").lower()
    if name not in QUERIES:
        said = "Invalid query specified" if name else "No query specified"
        raise Failed(f"{said}. Valid queries are: {', '.join(QUERIES)}")
    if call.request.has("cursor_id"):
        raise Failed("Cursors are not kept: a query answers with all of its rows.")
    listing = QUERIES[name]
    kind, write = FORMATS.get(call.request.get("format").lower(), FORMATS[""])
    folder = call.node.scratch
    pieces = write(listing.columns, listing.rows(call.request), folder)
    return spooled(folder, [("Content-Type", kind)], pieces)


COMMANDS = {"QUERY": Command(_query)}
