"""The services of a node."""

from __future__ import annotations

from lagan.hub.doors.node.background import (
    auto_subscribing,
    checking,
    delivering,
    mending,
    mirroring,
    sealing,
    suspension,
)
from lagan.hub.doors.node.background.service import Service

SERVICES: tuple[Service, ...] = (
    sealing.SERVICE,
    delivering.SERVICE,
    auto_subscribing.SERVICE,
    checking.SERVICE,
    mending.SERVICE,
    mirroring.SERVICE,
    suspension.SERVICE,
)

__all__ = ["SERVICES", "Service"]
