"""A file of another node reaches the client: by a redirect, or through this node.

What comes through is checked on its way against what the catalogue says; memory stays flat. Source:
reference/ngas-http.md section 6; better than there: streamed, and damage is not handed on.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING
from urllib.parse import quote, urlencode

from lagan.hub.doors.node.cluster import peers
from lagan.hub.doors.node.cluster.hosts import address
from lagan.hub.doors.node.cluster.peers import PeerAnswer
from lagan.hub.doors.node.files import sending
from lagan.hub.doors.node.files.expecting import Expected, checked
from lagan.hub.doors.node.models import Host
from lagan.hub.doors.node.wire.body import Cut
from lagan.hub.doors.node.wire.reply import Call, Failed
from lagan.hub.doors.node.wire.requests import Request
from lagan.hub.doors.node.wire.server import Answer
from lagan.kit.errors import Unavailable

if TYPE_CHECKING:
    from lagan.hub.doors.node.files.finding import Found
    from lagan.hub.doors.node.node import ArchiveNode

_log = logging.getLogger(__name__)

RELAYED = "lagan-relayed"
"""A header of requests between nodes: who is asked answers with what it has itself."""
LONGEST = 1200.0
"""Seconds, as the parameter `timeout` may say at most."""
_PASSED = ("file_id", "processing", "processingPars", "processing_pars", "damaged")
ASKED = (
    *("range", "if-range", "if-match", "if-none-match", "if-modified-since"),
    *("if-unmodified-since", "accept-encoding"),
)
_SAID = {
    each.lower(): each
    for each in (
        *("Content-Type", "Content-Disposition", "Content-Range", "Accept-Ranges", "ETag"),
        *("Last-Modified", "Repr-Digest", "Vary", "Content-Encoding"),
    )
}
FINE = {200, 206, 304, 412, 416}
"""Statuses with which a node gives a file, or says that there is no need to."""
Tell = Callable[[str], None]
"""Called with what is wrong with some bytes."""


def redirect(node: ArchiveNode, row: Host, request: Request) -> Answer:
    """303 to a node of the cluster, with the path and query that came."""
    scheme = "http" if node.options.certificate is None else "https"
    place = re.sub(r"^https?://[^/?]*", "", request.target).lstrip("/")
    if "file_id" not in place and request.parameters:
        # Who gave the parameters in a header gives them again in the address.
        place = f"{request.command}?{urlencode(dict(request.parameters))}"
    path = quote(place, safe="%/?&=+:;,@!$'()*~[]-._")
    return Answer(303, [("Location", f"{scheme}://{address(row)}/{path}")])


def relay(call: Call, found: Found, expected: Expected) -> Answer | None:
    """A copy of another node, through this one; None when that node does not have it after all.
    Failed when it refuses for a reason that is the request's own."""
    request, row = call.request, found.row
    assert found.host is not None  # noqa: S101 - for the type
    parameters = {name: request.get(name) for name in _PASSED if request.has(name)}
    parameters |= {"file_version": str(row.file_version), "disk_id": row.disk_id}
    headers = {name: request.headers[name] for name in ASKED if name in request.headers}
    try:
        peer = peers.fetch(
            call.node,
            found.host,
            "RETRIEVE",
            parameters,
            headers={**headers, RELAYED: "1"},
            timeout=patience(request),
        )
    except Unavailable as error:
        _log.warning("%s is not had from %s: %s", row, found.host.host_id, error.sentence)
        return None
    if peer.status not in FINE:
        _refused(peer, request)
        return None

    def damaged(finding: str) -> None:
        _log.error("%s came damaged from %s: %s.", row, peer.who, finding)
        ask_to_check(call.node, found)

    return hand_on(peer, None if request.has("processing") else expected, damaged)


def hand_on(peer: PeerAnswer, expected: Expected | None, damaged: Tell) -> Answer | None:
    """A peer's answer as ours. A whole file is checked against `expected`: a small one before, a
    large one while it is sent. None for one that is seen to be wrong before."""
    headers = [(_SAID[name], value) for name, value in peer.headers.items() if name in _SAID]
    size = peer.size
    if peer.status in (304, 412, 416):
        peer.close()
        return Answer(peer.status, headers)
    if size is None:
        peer.close()
        _log.warning("%s does not say how long its answer is.", peer.who)
        return None
    part = "content-range" in peer.headers
    if expected is not None and not part and size != expected.size:
        peer.close()
        damaged(f"it has {size} bytes instead of {expected.size}")
        return None
    if size <= sending.SMALL:
        return _small(peer, headers, None if part else expected, damaged)
    pieces = _uncut(peer) if expected is None or part else checked(peer.pieces(), expected, damaged)
    return Answer(peer.status, headers, pieces, size=size, after=peer.close)


def patience(request: Request) -> float:
    """Seconds that the client wants the other node to be waited for."""
    asked = request.number("timeout")
    return peers.TIMEOUT if not asked else min(max(float(asked), 1.0), LONGEST)


def ask_to_check(node: ArchiveNode, found: Found) -> None:
    """Have the holder look at its copy: it knows whether the copy is damaged or the way was."""
    assert found.host is not None  # noqa: S101 - for the type
    row = found.row
    which = {"file_id": row.file_id, "file_version": row.file_version, "disk_id": row.disk_id}
    try:
        peers.fetch(node, found.host, "CHECKFILE", which, headers={RELAYED: "1"}).close()
    except Unavailable as error:
        _log.warning("%s cannot be checked: %s", row, error.sentence)


def _small(
    peer: PeerAnswer,
    headers: list[tuple[str, str]],
    expected: Expected | None,
    damaged: Tell,
) -> Answer | None:
    try:
        content = peer.read(sending.SMALL)
    except Unavailable as error:
        _log.warning("%s", error.sentence)
        return None
    if expected is not None:
        check = expected.check()
        check.update(content)
        if finding := check.finding():
            damaged(finding)
            return None
    return Answer(peer.status, headers, content)


def _uncut(peer: PeerAnswer) -> Iterator[bytes]:
    try:
        yield from peer.pieces()
    except Unavailable as error:
        raise Cut(error.sentence) from None


def _refused(peer: PeerAnswer, request: Request) -> None:
    """What another node says against a processing is said to the client; anything else means that
    another copy is tried."""
    with peer:
        _log.warning("%s answered %d: %s", peer.who, peer.status, peer.message)
        if request.has("processing") and 400 <= peer.status < 500:
            raise Failed(peer.message or f"{peer.who} answered {peer.status}.", peer.status)
