"""The user service plug-in is called again and again, as long as the node is ONLINE."""

from __future__ import annotations

import logging
import threading
from typing import TYPE_CHECKING

from django.db import close_old_connections

from lagan.hub.doors.node.background.service import Service
from lagan.hub.doors.node.plugins.facade import PlugInServer
from lagan.kit.errors import LaganError

if TYPE_CHECKING:
    from lagan.hub.doors.node.node import ArchiveNode

_log = logging.getLogger(__name__)
SHORTEST = 1.0
"""Seconds between two calls at least."""


def run(node: ArchiveNode, stop: threading.Event) -> None:
    """Call it every UserServicePlugInPeriod seconds; what it fails at is logged."""
    defined = node.config.system
    while True:
        server = PlugInServer(node, defined.service_parameters)
        try:
            node.plug_ins.call("user service", defined.service, server, defined.service_parameters)
        except LaganError as error:
            _log.error("%s", error.sentence)
        close_old_connections()
        if stop.wait(max(defined.service_period, SHORTEST)):
            return


SERVICE = Service("user service", run, lambda config: bool(config.system.service))
