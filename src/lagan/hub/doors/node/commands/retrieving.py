"""RETRIEVE: a file comes back, from this node, from another of the cluster, or from a partner site.

Source: reference/ngas-http.md sections 4.3 and 6. Better than there: a copy that is damaged or not
there is never given while a good one exists anywhere; what is found wrong is noted at once.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from dataclasses import dataclass

from lagan.hub.doors.node.cluster import partners, peers, relaying, waking
from lagan.hub.doors.node.commands.command import Command
from lagan.hub.doors.node.dtds import serving
from lagan.hub.doors.node.files import catalogue, damage, expecting, processing, sending, staging
from lagan.hub.doors.node.files.finding import Found, find, find_here
from lagan.hub.doors.node.models import Host, Proof
from lagan.hub.doors.node.process.state import ONLINE
from lagan.hub.doors.node.volumes.disks import MountedDisk
from lagan.hub.doors.node.wire.messages import RETRIEVE_CMD, UNAVAIL_FILE
from lagan.hub.doors.node.wire.reply import Call, Failed
from lagan.hub.doors.node.wire.requests import Request
from lagan.hub.doors.node.wire.server import Answer
from lagan.kit.errors import Unavailable

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which copy is asked for; what is None does not matter."""

    file_id: str
    version: int | None = None
    disk_id: str | None = None
    host_id: str | None = None
    domain: str | None = None

    def __str__(self) -> str:
        version = f"/Version: {self.version}" if self.version else ""
        disk = f"/Disk ID: {self.disk_id}" if self.disk_id else ""
        return f"{self.file_id}{version}{disk}"


def _retrieve(call: Call) -> Answer:
    request = call.request
    if request.has("internal"):
        return _internal(call)
    if not request.has("file_id"):
        raise Failed(RETRIEVE_CMD.say())
    wanted = _wanted(request)
    processing.require_known(call)
    later = []
    for found in _candidates(call, wanted):
        if found.host is not None and not found.local and peers.was_away(found.host):
            later.append(found)
        elif (answer := _from(call, found)) is not None:
            return answer
    for found in later:
        if (answer := _from(call, found)) is not None:
            return answer
    if (answer := partners.retrieve(call)) is not None:
        return answer
    raise Failed(UNAVAIL_FILE.say(wanted))


def _internal(call: Call) -> Answer:
    host = call.request.headers.get("host") or call.node.address
    name = call.request.get("internal") or call.request.command
    return serving.serve(name, host)


def _wanted(request: Request) -> Wanted:
    return Wanted(
        request.get("file_id"),
        request.version,
        request.get("disk_id") or None,
        request.get("host_id") or None,
        request.get("domain") or None,
    )


def _candidates(call: Call, wanted: Wanted) -> Iterator[Found]:
    """Good copies, the nearest first: those here, without looking further, then all others."""
    request, tried = call.request, set()
    damaged_too = request.switch("damaged")
    asked = (wanted.file_id, wanted.version, wanted.disk_id)
    here_first = not (wanted.host_id or wanted.domain)
    if here_first:
        for found in find_here(call.node, *asked):
            if not found.bad:
                tried.add(found.row.disk_id)
                yield found
    if relaying.RELAYED in request.headers and here_first and not damaged_too:
        return
    for found in find(call.node, *asked, host_id=wanted.host_id, domain=wanted.domain):
        if found.row.disk_id not in tried and (damaged_too or not found.bad):
            yield found


def _from(call: Call, found: Found) -> Answer | None:
    """The answer with this copy; None when it cannot be had."""
    proof = catalogue.proofs([found.row]).get(catalogue.key_of(found.row))
    if found.disk is not None:
        return _from_here(call, found, found.disk, proof)
    if found.host is None or relaying.RELAYED in call.request.headers:
        return None
    if not _there(call, found, found.host):
        return None
    if call.node.config.server.proxy:
        if call.request.method == "HEAD" and not call.request.has("processing"):
            return _head(call.request, found, proof)
        return relaying.relay(call, found, expecting.expected_of(found.row, proof))
    return relaying.redirect(call.node, found.host, call.request)


def _from_here(call: Call, found: Found, disk: MountedDisk, proof: Proof | None) -> Answer | None:
    node, row, headers = call.node, found.row, call.request.headers
    expected = expecting.expected_of(row, proof)
    if found.bad:  # who gets here asked for it as it is
        expected = expecting.Expected(expected.size)
    try:
        staging.bring_back(node, disk.path / row.file_name)
        if call.request.has("processing"):
            return processing.process(call, disk, row, expected)
        return sending.send(
            disk.path,
            row,
            sending.represent(row, proof, headers),
            expected,
            headers,
            looked_at=proof is not None,
            damaged=lambda finding: damage.report(node, disk, row, finding),
        )
    except sending.Damaged as error:
        damage.report(node, disk, row, error.sentence)
    except Unavailable as error:
        _log.warning("%s is passed over: %s", row, error.sentence)
    return None


def _there(call: Call, found: Found, host: Host) -> bool:
    """Whether the host that has the copy can be asked; who sleeps is woken. With `quick_location=0`
    it is asked for the file itself."""
    if host.srv_suspended and not waking.wake(call.node, host):
        return False
    if not call.request.switch("quick_location", default=True):
        row = found.row
        return peers.has_file(call.node, host, row.file_id, int(row.file_version))
    return peers.answers(call.node, host)


def _head(request: Request, found: Found, proof: Proof | None) -> Answer:
    """What the holder would say of the file, from the catalogue: no byte is fetched for it."""
    shown = sending.represent(found.row, proof, request.headers)
    part, early = sending.begin(request.headers, shown)
    size = part.stop - part.start
    return early or Answer(part.status, [*shown.headers, *part.headers], iter(()), size=size)


COMMANDS = {
    "RETRIEVE": Command(_retrieve, states=(ONLINE,), busy=True, allows="retrieve"),
    **{name: Command(_internal) for name in serving.NAMES},
}
