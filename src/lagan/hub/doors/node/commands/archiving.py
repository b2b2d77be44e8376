"""ARCHIVE and QARCHIVE: files arrive, pushed by POST or PUT, or pulled by GET.

Source: reference/ngas-http.md sections 4.1 and 5. Better than there: what is acknowledged is
durable, chunked bodies are taken, and whatever goes wrong is answered.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

from lagan.hub.doors.node.archival import events, units
from lagan.hub.doors.node.archival.order import Order, understand
from lagan.hub.doors.node.archival.storing import (
    NoStorageSets,
    Stored,
    choose,
    find_disk,
    store,
)
from lagan.hub.doors.node.commands.command import Command
from lagan.hub.doors.node.files import buffering
from lagan.hub.doors.node.files.pulling import Source, pushed, source_of
from lagan.hub.doors.node.process.state import ONLINE
from lagan.hub.doors.node.wire.documents import disk_status
from lagan.hub.doors.node.wire.messages import ARCH_REQ_NOK, ARCH_REQ_OK, NO_STORAGE_SETS
from lagan.hub.doors.node.wire.moments import show_utc
from lagan.hub.doors.node.wire.reply import Call, Done, Failed
from lagan.hub.doors.node.wire.server import Answer

PULL = "GET"


def archive(call: Call, *, full: bool) -> Done | Answer:
    """One file of a request, by its Stream. `full` as ARCHIVE does it."""
    order = understand(call.request, call.node.config, full=full)
    if (unit := _unit(call, order)) not in ("", call.node.host_id):
        return units.hand_on(call, order, unit)
    with source(call, order.uri) as found:
        if not order.full:
            disk = choose(call.node, order, found.size)
            stored = store(call.node, order, found, disk, by=call.by)
        else:
            stored = buffering.stored_or_buffered(call.node, order, found, by=call.by)
    return done(call, stored)


@contextmanager
def source(call: Call, uri: str) -> Iterator[Source]:
    """The bytes of a request: its body, or for GET what lies at the URI."""
    if call.request.method == PULL:
        with source_of(call.node, uri) as found:
            yield found
    else:
        yield pushed(call.body)


def done(call: Call, stored: Stored) -> Done:
    """The answer that clients know; who is to be told of the file is told after it."""
    way = "Pull" if call.request.method == PULL else "Push"
    uri = call.request.get("filename")
    return Done(
        f"Successfully handled Archive {way} Request for data file with URI: {uri}",
        [disk_status(stored.disk.row, [stored.row])],
        extra=[("RequestId", str(call.id)), ("RequestTime", show_utc(call.began))],
        after=lambda: events.tell(call.node, stored.row),
    )


def _archive(call: Call) -> Done | Answer:
    if call.request.switch("probe"):
        return _probe(call)
    return archive(call, full=True)


def _qarchive(call: Call) -> Done | Answer:
    return archive(call, full=False)


def _probe(call: Call) -> Done:
    """Whether a file of a type could be archived now: both answers are a success."""
    request = call.request
    asked = replace(request, parameters={"filename": "probe", **request.parameters})
    try:
        order = understand(asked, call.node.config, full=True)
        if _unit(call, order) in ("", call.node.host_id):
            find_disk(call.node, order, request.size)
    except Failed as error:
        return Done(ARCH_REQ_NOK.say(request.mime_type, error.sentence))
    return Done(ARCH_REQ_OK.say(request.mime_type))


def _unit(call: Call, order: Order) -> str:
    """The unit that archives such files; empty where this node does. NoStorageSets."""
    if not order.stream.archiving_units:
        return ""
    unit = units.accepting(call.node, order)
    if not unit:
        raise NoStorageSets(NO_STORAGE_SETS.say(order.mime_type))
    return unit


COMMANDS = {
    "ARCHIVE": Command(_archive, states=(ONLINE,), busy=True, allows="archive"),
    "QARCHIVE": Command(_qarchive, states=(ONLINE,), busy=True, allows="archive"),
}
