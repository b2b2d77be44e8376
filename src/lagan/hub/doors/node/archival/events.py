"""Who is told of a file that was archived, once its answer was sent: event plug-ins and services.

Source: reference/ngas-http.md sections 8 and 12. A plug-in's object is made once; what it raises is
logged and hinders nobody.
"""

from __future__ import annotations

import logging
import threading
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

from lagan.hub.doors.node.models import StoredFile
from lagan.hub.doors.node.plugins.facade import ArchiveEvent, PlugInServer
from lagan.hub.doors.node.plugins.loading import PlugIns

if TYPE_CHECKING:
    from lagan.hub.doors.node.node import ArchiveNode

_log = logging.getLogger(__name__)
_guard = threading.Lock()
_made: WeakKeyDictionary[PlugIns, list[tuple[str, Any]]] = WeakKeyDictionary()


def anybody(node: ArchiveNode) -> bool:
    """Whether there is anybody to be told."""
    archiving = node.config.archiving
    return bool(node.archived or (archiving and archiving.event_handlers))


def tell(node: ArchiveNode, row: StoredFile) -> None:
    """Tell all of them; never raises."""
    for act in list(node.archived):
        try:
            act(row)
        except Exception:
            _log.exception("A service could not be told of %s.", row)
    for name, handler in _handlers(node):
        event = ArchiveEvent(PlugInServer(node), row.disk_id, row.file_id, int(row.file_version))
        try:
            handler.handle_event(event)
        except Exception:
            _log.exception("The event plug-in %s failed.", name)


def _handlers(node: ArchiveNode) -> list[tuple[str, Any]]:
    """One object for each EventHandlerPlugIn of the configuration; new ones after INIT."""
    archiving = node.config.archiving
    if archiving is None or not archiving.event_handlers:
        return []
    with _guard:
        if node.plug_ins not in _made:
            _made[node.plug_ins] = list(_make(node))
        return _made[node.plug_ins]


def _make(node: ArchiveNode) -> list[tuple[str, Any]]:
    assert node.config.archiving is not None  # noqa: S101 - asked before
    made = []
    for each in node.config.archiving.event_handlers:
        try:
            made.append(
                (each.name, node.plug_ins.find("archive event", each.name)(**each.parameters))
            )
        except Exception:
            _log.exception("The event plug-in %s cannot be used.", each.name)
    return made
