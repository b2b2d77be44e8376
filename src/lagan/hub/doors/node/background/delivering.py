"""What arrives is delivered to those who subscribed."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from lagan.hub.doors.node.background.service import Service

if TYPE_CHECKING:
    from lagan.hub.doors.node.node import ArchiveNode


def run(node: ArchiveNode, stop: threading.Event) -> None:
    """Deliver until told to stop."""
    node.deliveries.run(stop)


SERVICE = Service("deliveries", run)
