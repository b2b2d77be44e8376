"""A node that has nothing to do says that it sleeps and has the host put to sleep; and wakes others
when it is asked to.

Source: reference/ngas-http.md section 8, HostSuspension of the configuration.
"""

from __future__ import annotations

import logging
import threading
import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from lagan.hub.audit import services as audit
from lagan.hub.audit.kinds import Kind
from lagan.hub.doors.node.background.service import Service
from lagan.hub.doors.node.cluster import waking
from lagan.hub.doors.node.config.shape import HostSuspension, NodeConfig
from lagan.hub.doors.node.files import catalogue
from lagan.hub.doors.node.models import Host
from lagan.hub.doors.node.plugins.facade import PlugInServer
from lagan.hub.doors.node.wire.reply import Failed

if TYPE_CHECKING:
    from lagan.hub.doors.node.node import ArchiveNode

_log = logging.getLogger(__name__)

LOOK = 0.5
"""Seconds between two looks at whether there is something to do."""


def run(node: ArchiveNode, stop: threading.Event) -> None:
    """Sleep and wake until told to stop."""
    defined = node.config.suspension
    assert defined is not None  # noqa: S101 - `wanted` says so
    asleep_since: float | None = None
    wakes = bool(defined.wake_plug_in)
    while not stop.wait(LOOK):
        if wakes:
            waking.answer_requests(node)
        if asleep_since is not None:
            if is_used(node, asleep_since):
                waking.awake(node.host_id)
                asleep_since = None
        elif defined.active and is_idle(node, defined.idle):
            asleep_since = suspend(node, defined)
    if asleep_since is not None:
        waking.awake(node.host_id)


def is_idle(node: ArchiveNode, seconds: float) -> bool:
    """Whether nobody has asked for anything for so long."""
    return not node.state.active and time.monotonic() - node.state.last_request > seconds


def is_used(node: ArchiveNode, since: float) -> bool:
    """Whether somebody asked since."""
    return bool(node.state.active) or node.state.last_request > since


def suspend(node: ArchiveNode, defined: HostSuspension) -> float | None:
    """Say that the host sleeps, then have it put to sleep; the moment (monotonic), or None when
    that did not work."""
    since = time.monotonic()
    with catalogue.turn():
        Host.objects.filter(pk=node.host_id).update(srv_suspended=1)
        data = {"host": node.host_id, "at": datetime.now(UTC).isoformat(), "state": "SUSPENDED"}
        audit.record(kind=Kind.NODE_STATE, by=node.by, data=data)
    if not defined.plug_in:
        return since
    try:
        server = PlugInServer(node, defined.parameters)
        node.plug_ins.call("suspension", defined.plug_in, server)
    except Failed as error:
        _log.error("The host cannot be put to sleep: %s", error.sentence)
        waking.awake(node.host_id)
        # Asked again at the next look, it would fail as often as it is asked.
        node.state.last_request = time.monotonic()
        return None
    return since


def _wanted(config: NodeConfig) -> bool:
    defined = config.suspension
    return defined is not None and (defined.active or bool(defined.wake_plug_in))


SERVICE = Service("suspension", run, _wanted)
