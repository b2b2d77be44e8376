"""The record of what was done is sealed as it grows, by one node of the cluster at a time."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from lagan.hub.audit.services import seal
from lagan.hub.doors.node.background.service import Service

if TYPE_CHECKING:
    from lagan.hub.doors.node.node import ArchiveNode

EVERY = 30.0
"""Seconds between two looks."""


def run(_node: ArchiveNode, stop: threading.Event) -> None:
    """Seal until told to stop."""
    while not stop.wait(EVERY):
        while seal():
            pass


SERVICE = Service("record", run)
