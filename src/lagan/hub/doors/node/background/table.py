"""The services of a node."""

from __future__ import annotations

from lagan.hub.doors.node.background import sealing, suspension, user_service
from lagan.hub.doors.node.background.service import Service

SERVICES: tuple[Service, ...] = (sealing.SERVICE, user_service.SERVICE, suspension.SERVICE)

__all__ = ["SERVICES", "Service"]
