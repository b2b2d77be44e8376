"""A host that sleeps is woken before it is asked for something.

Who may wake it is said by `HostSuspension`: this node by its own plug-in, or the host named by
WakeUpServerHost, which is asked through the sleeper's row. Source: reference/ngas-http.md sections
6, 8 and 12.
"""

from __future__ import annotations

import logging
import re
import socket
import threading
import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from lagan.hub.doors.node.cluster import peers
from lagan.hub.doors.node.config.shape import HostSuspension
from lagan.hub.doors.node.models import Host
from lagan.hub.doors.node.plugins.facade import PlugInServer
from lagan.hub.doors.node.wire.moments import show_local
from lagan.hub.doors.node.wire.reply import Failed

if TYPE_CHECKING:
    from lagan.hub.doors.node.node import ArchiveNode

_log = logging.getLogger(__name__)

LOOK = 0.5
"""Seconds between two looks whether a host is awake."""


def wake(node: ArchiveNode, row: Host) -> bool:
    """Wake a host and wait until it answers; whether it does within WakeUpCallTimeOut."""
    defined = node.config.suspension
    if defined is None:
        return peers.is_online(node, row)
    if not peers.is_online(node, row):
        _call(node, row, defined)
        if not _await(node, row, defined.wake_timeout):
            _log.warning("%s does not wake up.", row.host_id)
            return False
    awake(row.host_id)
    return True


def awake(host_id: str) -> None:
    """A host is awake: nobody needs to wake it."""
    Host.objects.filter(pk=host_id).update(
        srv_suspended=0, srv_req_wake_up_srv=None, srv_req_wake_up_time=None
    )


def answer_requests(node: ArchiveNode) -> int:
    """Wake every sleeping host that somebody asked this node to wake; how many there were. A
    plug-in that fails does not stop the next."""
    now = show_local(datetime.now(UTC))
    rows = Host.objects.filter(srv_req_wake_up_srv=node.host_id, srv_suspended=1)
    due = [each for each in rows if (each.srv_req_wake_up_time or "") <= now]
    for row in due:
        try:
            run_plug_in(node, row.host_id)
        except Failed as error:
            _log.error("%s cannot be woken: %s", row.host_id, error.sentence)
    return len(due)


def run_plug_in(node: ArchiveNode, host_id: str) -> None:
    """WakeUpPlugIn for a host. Failed when there is none, or it fails."""
    defined = node.config.suspension
    if defined is None or not defined.wake_plug_in:
        raise Failed("HostSuspension.WakeUpPlugIn is not configured.")
    name, server = defined.wake_plug_in, PlugInServer(node, defined.wake_parameters)
    node.plug_ins.call("wake-up", name, server, host_id)


def wake_on_lan(server: PlugInServer, host_id: str) -> None:
    """The plug-in `laganWakeOnLan`: the magic packet for the hardware address of a host's row, sent
    to its parameters `broadcast` and `port`. Failed without an address."""
    row = Host.objects.filter(pk=host_id).first()
    address = magic_packet(row.mac_address or "" if row is not None else "")
    place = server.parameters.get("broadcast", "255.255.255.255")
    port = server.parameters.get("port", "9")
    try:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
            sender.setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, 1)
            sender.sendto(address, (place, int(port)))
    except (OSError, ValueError) as error:
        raise Failed(f"The packet for {host_id} cannot be sent to {place}: {error}.") from None


def magic_packet(hardware: str) -> bytes:
    """Six bytes of ones and the address sixteen times. Failed for what is no address."""
    digits = re.sub("[:-]", "", hardware)
    if not re.fullmatch("[0-9a-fA-F]{12}", digits):
        raise Failed(f"There is no hardware address to wake: {hardware[:40]!r}.")
    return b"\xff" * 6 + bytes.fromhex(digits) * 16


def _call(node: ArchiveNode, row: Host, defined: HostSuspension) -> None:
    """Have it woken, by this node or by the one in charge."""
    if defined.wake_plug_in and defined.waker in ("", node.host_id):
        try:
            run_plug_in(node, row.host_id)
        except Failed as error:
            _log.error("%s cannot be woken: %s", row.host_id, error.sentence)
    else:
        Host.objects.filter(pk=row.host_id).update(
            srv_req_wake_up_srv=defined.waker, srv_req_wake_up_time=show_local(datetime.now(UTC))
        )


def _await(node: ArchiveNode, row: Host, seconds: float) -> bool:
    pause, until = threading.Event(), time.monotonic() + seconds
    while not peers.is_online(node, row):
        if time.monotonic() > until:
            return False
        pause.wait(LOOK)
    return True
