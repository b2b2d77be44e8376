"""Copies that somebody saw to be damaged, a client's RETRIEVE or CHECKFILE among them, are healed
soon and not only by the next data check."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING

from lagan.hub.doors.node.background.service import Service
from lagan.hub.doors.node.files import catalogue, healing
from lagan.hub.doors.node.files.catalogue import Key, key_of
from lagan.hub.doors.node.files.looking import look
from lagan.hub.doors.node.models import StoredFile
from lagan.hub.doors.node.volumes.disks import MountedDisk

if TYPE_CHECKING:
    from lagan.hub.doors.node.node import ArchiveNode

EVERY = 10.0
"""Seconds between two looks at what is known to be damaged; there is an index for it."""
AGAIN = 600.0
"""Seconds until a copy that could not be healed is tried again."""


def run(node: ArchiveNode, stop: threading.Event) -> None:
    """Heal until told to stop."""
    tried: dict[Key, float] = {}
    while not stop.wait(EVERY):
        now = time.monotonic()
        tried = {key: at for key, at in tried.items() if now - at < AGAIN}
        for disk, row, finding in healing.damaged(disk for disk in node.disks if disk.writable):
            if stop.is_set():
                return
            if key_of(row) not in tried:
                tried[key_of(row)] = now
                _mend(node, disk, row, finding)


def _mend(node: ArchiveNode, disk: MountedDisk, row: StoredFile, finding: str) -> None:
    known = catalogue.proofs([row]).get(key_of(row))
    if look(disk, row, known).problem:
        healing.heal(node, disk, row, why=finding)
    else:
        healing.clear(node, row)


SERVICE = Service("healing", run)
