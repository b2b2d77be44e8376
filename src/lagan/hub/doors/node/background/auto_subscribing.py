"""A node subscribes by itself where its configuration says, and ends that when it goes OFFLINE if
it should.

Source: reference/ngas-http.md section 7, `SubscriptionDef`.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Sequence
from typing import TYPE_CHECKING

from lagan.hub.doors.node.background.service import Service
from lagan.hub.doors.node.cluster import peers
from lagan.hub.doors.node.cluster.hosts import own_address
from lagan.hub.doors.node.config.shape import NodeConfig, Subscription
from lagan.hub.doors.node.subscriptions import rules
from lagan.kit.errors import Unavailable

if TYPE_CHECKING:
    from lagan.hub.doors.node.node import ArchiveNode

_log = logging.getLogger(__name__)

AGAIN = 10.0
"""Seconds until a server that did not say yes is asked again."""
PATIENCE = 20.0
"""Seconds that a server may take."""
LAST_PATIENCE = 5.0
"""The same when the node is about to go OFFLINE."""


def run(node: ArchiveNode, stop: threading.Event) -> None:
    """Ask every server until it says yes, or says that there is another subscription of that id;
    then wait for the end."""
    open_ones = list(_wanted(node.config))
    made: list[Subscription] = []
    while open_ones and not stop.is_set():
        for each in list(open_ones):
            settled = _ask(node, each)
            if settled is not None:
                open_ones.remove(each)
                made += [each] if settled else []
        if open_ones:
            stop.wait(AGAIN)
    stop.wait()
    if node.config.subscriptions is not None and node.config.subscriptions.undone_offline:
        for each in made:
            _end(node, each)


def _wanted(config: NodeConfig) -> Sequence[Subscription]:
    known = config.subscriptions
    return known.items if known is not None and known.enabled else ()


def parameters(node: ArchiveNode, wanted: Subscription) -> dict[str, object]:
    """What SUBSCRIBE is told: by default that files are to come to this node."""
    server = node.config.server
    url = wanted.url or f"http://{own_address(server.address)}:{server.port}/{wanted.command}"
    found: dict[str, object] = {
        "url": url,
        "priority": wanted.priority,
        "subscr_id": wanted.id or rules.default_id(url),
    }
    if wanted.filter:
        found["filter_plug_in"] = wanted.filter
    if wanted.parameters:
        found["plug_in_pars"] = wanted.parameters
    return found


def _ask(node: ArchiveNode, wanted: Subscription) -> bool | None:
    """Whether it is subscribed now; None: ask again."""
    where = f"{wanted.host}:{wanted.port}"
    try:
        with peers.fetch(
            node, where, "SUBSCRIBE", parameters(node, wanted), timeout=PATIENCE
        ) as answer:
            status, message = answer.status, answer.message
    except Unavailable as error:
        _log.warning("The subscription at %s waits: %s", where, error.sentence)
        return None
    if status in (200, 201):
        _log.info("Subscribed at %s.", where)
        return True
    if status == 409:
        _tell(node, where, message)
        return False
    _log.warning("The subscription at %s waits: %s %s", where, status, message)
    return None


def _tell(node: ArchiveNode, where: str, message: str) -> None:
    text = f"The server {where} has another subscription of that id: {message}"
    _log.error("%s", text)
    node.mail.send("error", "AUTOMATIC SUBSCRIPTION FAILED", text)


def _end(node: ArchiveNode, made: Subscription) -> None:
    where = f"{made.host}:{made.port}"
    key = parameters(node, made)["subscr_id"]
    try:
        with peers.fetch(
            node, where, "UNSUBSCRIBE", {"subscr_id": key}, timeout=LAST_PATIENCE
        ) as answer:
            if not answer.succeeded:
                _log.warning("The subscription at %s stays: %s", where, answer.message)
    except Unavailable as error:
        _log.warning("The subscription at %s stays: %s", where, error.sentence)


SERVICE = Service(
    "automatic subscriptions", run, wanted=lambda config: bool(_wanted(config)), pause=AGAIN
)
