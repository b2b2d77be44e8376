"""A copy was seen to be damaged: that is noted, and its healing begins.

Copies of a disk that is not there any more are not damaged: then only the log is told.
"""

from __future__ import annotations

import logging
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from lagan.hub.audit import services as audit
from lagan.hub.audit.kinds import Kind
from lagan.hub.doors.node.files import catalogue
from lagan.hub.doors.node.models import StoredFile
from lagan.hub.doors.node.volumes import volume_info
from lagan.hub.doors.node.volumes.disks import MountedDisk

if TYPE_CHECKING:
    from lagan.hub.doors.node.node import ArchiveNode

_log = logging.getLogger(__name__)


def report(node: ArchiveNode, disk: MountedDisk, row: StoredFile, finding: str) -> None:
    """Note what is wrong with a copy on a disk of this node, in a sentence's part such as `it has 3
    bytes instead of 4`."""
    if not (disk.path / volume_info.NAME).is_file():
        _log.error("The volume %s is not there: %s cannot be read.", disk.path, row)
        return
    _log.error("%s is damaged: %s.", row, finding)
    with catalogue.turn():
        catalogue.mark(row, finding=f"{finding}.", at=datetime.now(UTC))
        data = {"file": f"{row.file_id}/{row.file_version}", "disk": disk.id, "finding": finding}
        audit.record(kind=Kind.NODE_DAMAGED, by=node.by, data=data)
