"""Which plug-in files what arrived, and under which facts the catalogue will know it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from lagan.hub.doors.node.archival.order import Order, extensions_of
from lagan.hub.doors.node.plugins.dapi import BUILT_IN, Arrived, Filed
from lagan.hub.doors.node.plugins.dapi.custom import file_by
from lagan.store.staging import own
from lagan.store.volume import Incoming

if TYPE_CHECKING:
    from lagan.hub.doors.node.node import ArchiveNode


def staged_path(incoming: Incoming) -> Path:
    """Where bytes lie that have no name yet."""
    return own(incoming).draft.path


def file_it(node: ArchiveNode, order: Order, incoming: Incoming, disk: Path) -> Filed:
    """What the Stream's plug-in says of bytes that arrived. Failed."""
    arrived = Arrived(
        path=staged_path(incoming),
        name=order.name,
        file_id=order.file_id,
        mime_type=order.mime_type,
        size=incoming.size,
        parameters=order.request.parameters,
        configured=order.stream.parameters,
        extensions=extensions_of(node.config),
    )
    built_in = BUILT_IN.get(order.stream.plug_in.rpartition(".")[2])
    if built_in is not None:
        return built_in(arrived)
    return file_by(node, order.stream.plug_in, arrived, order.request, disk)
