"""A request that is about another node of the cluster goes there: by a redirect, or through this
node when `Server.ProxyMode` says so.

Source: reference/ngas-http.md section 6.
"""

from __future__ import annotations

from lagan.hub.doors.node.cluster import peers, relaying
from lagan.hub.doors.node.models import Host
from lagan.hub.doors.node.wire.messages import COM
from lagan.hub.doors.node.wire.reply import Call, Failed
from lagan.hub.doors.node.wire.server import Answer
from lagan.kit.errors import Unavailable

_KEPT_BACK = frozenset({"authorization"})
"""Parameters that are between the client and this node."""


def send(call: Call, host: Host) -> Answer:
    """The other node's answer, or where to ask for it. Failed when it does not answer."""
    if not call.node.config.server.proxy:
        return relaying.redirect(call.node, host, call.request)
    if relaying.RELAYED in call.request.headers:
        raise Failed(COM.say(host.host_id, "the request was handed on once already"))
    parameters = {n: v for n, v in call.request.parameters.items() if n not in _KEPT_BACK}
    try:
        with peers.fetch(
            call.node, host, call.request.command, parameters, headers={relaying.RELAYED: "1"}
        ) as answer:
            kind = answer.headers.get("content-type", "text/xml")
            return Answer(answer.status, [("Content-Type", kind)], answer.read())
    except Unavailable as error:
        raise Failed(COM.say(host.host_id, error.sentence)) from None
