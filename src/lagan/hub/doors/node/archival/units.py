"""Streams whose files are archived by other nodes: they are asked, and the first that can gets the
request as it came.

Source: reference/ngas-http.md section 4.1, ArchivingUnit.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from lagan.hub.doors.node.archival.order import Order
from lagan.hub.doors.node.cluster import peers
from lagan.hub.doors.node.wire.messages import ARCH_REQ_OK, COM
from lagan.hub.doors.node.wire.reply import Call, Failed
from lagan.hub.doors.node.wire.server import Answer
from lagan.kit.errors import Unavailable

if TYPE_CHECKING:
    from lagan.hub.doors.node.node import ArchiveNode

PROBE_TIMEOUT = 10.0
ANSWER_TIMEOUT = 600.0
"""Seconds that a unit may take to make a file durable after its last byte."""
_CARRIED = ("content-type", "content-disposition", "ngas-file-crc", "authorization")


def accepting(node: ArchiveNode, order: Order) -> str:
    """A unit of the order's stream that can archive such a file; empty when none can."""
    units = list(order.stream.archiving_units)
    random.shuffle(units)
    return next((each for each in units if _accepts(node, each, order.mime_type)), "")


def hand_on(call: Call, order: Order, unit: str) -> Answer:
    """The unit's answer to the same request. Failed when it breaks off."""
    request = call.request
    sent = {name: request.headers[name] for name in _CARRIED if name in request.headers}
    pushed = call.body.size != 0
    if call.body.size:
        sent["Content-Length"] = str(call.body.size)
    try:
        with peers.fetch(
            call.node,
            unit,
            request.command,
            {**request.parameters, "mime_type": order.mime_type},
            body=_bytes(call) if pushed else None,
            headers=sent,
            timeout=ANSWER_TIMEOUT,
        ) as answer:
            kept: Sequence[tuple[str, str]] = [
                ("Content-Type", answer.headers.get("content-type", "text/xml"))
            ]
            return Answer(answer.status, kept, answer.read())
    except Unavailable as error:
        raise Failed(COM.say(unit, error.sentence)) from None


def _bytes(call: Call) -> Iterator[bytes]:
    return (bytes(each) for each in call.body.pieces())


def _accepts(node: ArchiveNode, unit: str, mime_type: str) -> bool:
    if unit == node.host_id:
        return True
    try:
        asked = {"probe": 1, "mime_type": mime_type}
        with peers.fetch(node, unit, "ARCHIVE", asked, timeout=PROBE_TIMEOUT) as answer:
            return ARCH_REQ_OK.name in answer.message
    except Unavailable:
        return False
