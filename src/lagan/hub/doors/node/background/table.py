"""The services of a node."""

from __future__ import annotations

from lagan.hub.doors.node.background import (
    auto_subscribing,
    caching,
    checking,
    delivering,
    janitor,
    mending,
    mirroring,
    sealing,
    suspension,
    user_service,
)
from lagan.hub.doors.node.background.service import Service

SERVICES: tuple[Service, ...] = (
    sealing.SERVICE,
    delivering.SERVICE,
    auto_subscribing.SERVICE,
    suspension.SERVICE,
    checking.SERVICE,
    mending.SERVICE,
    mirroring.SERVICE,
    user_service.SERVICE,
    janitor.SERVICE,
    caching.SERVICE,
)

__all__ = ["SERVICES", "Service"]
