"""What this archive does not have may be had from the partner sites that the configuration names.

Verbs: `status` and `retrieve`. Each site is asked in turn; a request that came from a partner goes
no further. What comes is streamed and checked on its way. Source: reference/ngas-http.md section 6.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from lagan.hub.doors.node.cluster import peers, relaying
from lagan.hub.doors.node.cluster.peers import PeerAnswer
from lagan.hub.doors.node.cluster.targets import require_target
from lagan.hub.doors.node.config import xml
from lagan.hub.doors.node.files.expecting import Expected, announced
from lagan.hub.doors.node.wire.reply import Call
from lagan.hub.doors.node.wire.requests import Request
from lagan.hub.doors.node.wire.server import Answer
from lagan.kit.errors import LaganError, Unavailable

if TYPE_CHECKING:
    from lagan.hub.doors.node.node import ArchiveNode

_log = logging.getLogger(__name__)

GUARD = "partner_site_redirect"
"""The parameter of requests between sites: who gets it asks no partner of its own."""
MOST_REDIRECTS = 5
_KEPT_BACK = {GUARD, "initiator", "authorization", "filename", "mime_type", "reload"}


@dataclass(frozen=True, slots=True)
class Known:
    """A file that a site has: where it was asked, and its `DiskStatus`."""

    site: str
    disk: xml.Element

    @property
    def file(self) -> xml.Element | None:
        """The `FileStatus` in it."""
        return self.disk.first("FileStatus")


def status(node: ArchiveNode, request: Request) -> Iterator[Known]:
    """What the sites say of the file that a request names, each when it is asked; nothing when
    there are none, or the request came from one."""
    sites = node.config.partners
    if not sites.proxy or request.has(GUARD) or relaying.RELAYED in request.headers:
        return
    asked = {"file_id": request.get("file_id"), GUARD: "1"}
    if request.version is not None:
        asked["file_version"] = str(request.version)
    for site in sites.addresses:
        try:
            with peers.fetch(node, site, "STATUS", asked, internal=False) as answer:
                found = answer.document if answer.succeeded else None
        except Unavailable as error:
            _log.warning("The partner site %s is passed over: %s", site, error.sentence)
            continue
        disk = found.first("DiskStatus") if found is not None else None
        if disk is not None:
            yield Known(site, disk)


def retrieve(call: Call) -> Answer | None:
    """The file from the first site that gives it; None when none does."""
    for known in status(call.node, call.request):
        try:
            peer = _fetch(call, known)
        except Unavailable as error:
            _log.warning("%s", error.sentence)
            continue
        if peer.status not in relaying.FINE:
            _log.warning("%s answered %d: %s", peer.who, peer.status, peer.message)
            peer.close()
            continue
        expected = None if call.request.has("processing") else _expected(known)
        answer = relaying.hand_on(peer, expected, _teller(known))
        if answer is not None:
            return answer
    return None


def _fetch(call: Call, known: Known) -> PeerAnswer:
    """RETRIEVE at the site; it may point to another of its nodes, and nowhere else."""
    request = call.request
    parameters = {name: v for name, v in request.parameters.items() if name not in _KEPT_BACK}
    headers = {name: request.headers[name] for name in relaying.ASKED if name in request.headers}
    where = known.site
    for _ in range(MOST_REDIRECTS + 1):
        peer = peers.fetch(
            call.node,
            where,
            "RETRIEVE",
            {**parameters, GUARD: "1"},
            headers=headers,
            timeout=relaying.patience(request),
            internal=False,
        )
        if peer.status != 303:
            return peer
        peer.close()
        where = _next(call, peer.headers, known)
    raise Unavailable(f"The partner site {known.site} points from node to node.")


def _next(call: Call, headers: Mapping[str, str], known: Known) -> str:
    location = headers.get("location", "")
    try:
        require_target(location, call.node.config.own.targets, ("http", "https"))
    except LaganError as error:
        raise Unavailable(f"The partner site {known.site} leads astray: {error.sentence}") from None
    parts = urlsplit(location)
    return f"{parts.hostname}:{parts.port or 7777}"


def _expected(known: Known) -> Expected | None:
    said = known.file.attributes if known.file is not None else {}
    if not said.get("FileSize", "").isdecimal():
        return None
    return announced(int(said["FileSize"]), said.get("Checksum"), said.get("ChecksumPlugIn"))


def _teller(known: Known) -> relaying.Tell:
    def damaged(finding: str) -> None:
        _log.error("A file came damaged from the partner site %s: %s.", known.site, finding)

    return damaged
