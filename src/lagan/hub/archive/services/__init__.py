"""The archive's verbs."""

from lagan.hub.archive.services.files import NewFile, object_name, record_files
from lagan.hub.archive.services.registry import keep_pending, register_exporter
from lagan.hub.archive.services.tables import register_table
from lagan.hub.archive.services.volumes import (
    add_volume,
    choose_volume,
    journal,
    open_store,
    refresh_volumes,
)

__all__ = [
    "NewFile",
    "add_volume",
    "choose_volume",
    "journal",
    "keep_pending",
    "object_name",
    "open_store",
    "record_files",
    "refresh_volumes",
    "register_exporter",
    "register_table",
]
