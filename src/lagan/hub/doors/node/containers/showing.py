"""Containers as clients read them: one line of XML without a document type.

Source: reference/ngas-http.md section 4.6. A file in a container is a `FileStatus`, which is what
the archive server's own client looks for.
"""

from __future__ import annotations

from datetime import UTC, datetime

from lagan.hub.doors.node.containers.changing import Wanted
from lagan.hub.doors.node.containers.groups import Group
from lagan.hub.doors.node.wire.documents import file_status
from lagan.hub.doors.node.wire.moments import show_utc
from lagan.hub.doors.node.wire.reply import Call
from lagan.hub.doors.node.wire.server import Answer
from lagan.hub.doors.node.wire.status import SUCCESS, Node, basic, lines

UNKNOWN = -1
"""What is told as the size of containers that a POST made: nobody looked."""


def answer(call: Call, message: str, container: Node) -> Answer:
    """The whole answer."""
    status = basic(
        date=show_utc(datetime.now(UTC)),
        host=call.node.host_id,
        message=message,
        status=SUCCESS,
        state=call.node.state.state,
        sub_state=call.node.state.sub_state,
    )
    whole = Node("NgamsStatus", (), [status, container])
    text = "".join(line.removesuffix("\n") for line in lines(whole, indent=""))
    # The encoding has this name there; written as references no parser has to know it.
    content = f'<?xml version="1.0" encoding="utf8"?>{text}'.encode("ascii", "xmlcharrefreplace")
    return Answer(200, [("Content-Type", "text/xml")], content)


def shown(group: Group) -> Node:
    """A container with its files and all that is in it."""
    row = group.row
    date = row.ingestion_date or None
    return Node(
        "Container",
        (
            *_named(row.container_id, row.container_name, row.container_size),
            ("ingestionDate", date),
        ),
        [*(file_status(each[0]) for each in group.files), *map(shown, group.groups)],
    )


def made(wanted: Wanted, size: int) -> Node:
    """A container that was made just now."""
    inner = [made(each, size) for each in wanted.inner]
    return Node("Container", _named(wanted.id, wanted.name, size), inner)


def _named(id: str, name: str, size: int) -> list[tuple[str, str | None]]:
    return [("id", id), ("name", name), ("size", str(size))]
