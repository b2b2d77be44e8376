"""The archive's verbs."""

from lagan.hub.archive.services.anchors import anchor_everywhere, anchors
from lagan.hub.archive.services.files import object_name, record_files
from lagan.hub.archive.services.noting import note_everywhere
from lagan.hub.archive.services.rebuilding import Rebuilt, rebuild, take_in
from lagan.hub.archive.services.registry import keep_pending, register_exporter
from lagan.hub.archive.services.removing import Gone, let_go, remove_files
from lagan.hub.archive.services.renewing import Renewed, note_beside, renew, take_back
from lagan.hub.archive.services.snapshots import Snapshot, snapshot
from lagan.hub.archive.services.sweeping import Swept, sweep
from lagan.hub.archive.services.tables import register_table
from lagan.hub.archive.services.volumes import (
    add_volume,
    choose_volume,
    hub_id,
    journal,
    open_store,
    refresh_volumes,
)

__all__ = [
    "Gone",
    "Rebuilt",
    "Renewed",
    "Snapshot",
    "Swept",
    "add_volume",
    "anchor_everywhere",
    "anchors",
    "choose_volume",
    "hub_id",
    "journal",
    "keep_pending",
    "let_go",
    "note_beside",
    "note_everywhere",
    "object_name",
    "open_store",
    "rebuild",
    "record_files",
    "refresh_volumes",
    "register_exporter",
    "register_table",
    "remove_files",
    "renew",
    "snapshot",
    "sweep",
    "take_back",
    "take_in",
]
