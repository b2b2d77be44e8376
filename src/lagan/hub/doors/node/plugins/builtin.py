"""The plug-ins that deployed configurations name and that are part of the node.

They win over files of the same name: a folder with the archive server's own plug-ins does no harm.
Source: reference/ngas-http.md section 12.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from lagan.hub.doors.node.cluster import waking
from lagan.hub.doors.node.files import fits_headers
from lagan.hub.doors.node.plugins.kinds import Kind
from lagan.hub.doors.node.subscriptions.filters import by_mime_type


def _find_disks(server: object, request: object = None) -> None:
    """The disks are those beneath the volume directory."""
    del server, request


def _let_disks_go(server: object, request: object = None) -> None:
    """Nothing is to be done beyond what the node does."""
    del server, request


def _synchronised(server: object) -> None:
    """Whatever was acknowledged is on stable storage already."""
    del server


def _print_nothing(server: object, text: str, request: object = None) -> None:
    """There is no printer."""
    del server, text, request


BUILT_IN: Mapping[tuple[Kind, str], Callable[..., Any]] = {
    ("online", "ngamsGenericOnlinePlugIn"): _find_disks,
    ("offline", "ngamsGenericOfflinePlugIn"): _let_disks_go,
    ("disk sync", "ngamsDiskSyncPlugIn"): _synchronised,
    ("label", "ngamsNullLabelPrinterPlugIn"): _print_nothing,
    ("subscription filter", "ngamsMimeTypeFilterPI"): by_mime_type,
    ("processing", "ngamsExtractFitsHdrDppi"): fits_headers.extract,
    ("processing", "eso.ngamsExtractFitsHdrDppi"): fits_headers.extract,
    ("wake-up", "laganWakeOnLan"): waking.wake_on_lan,
}
"""By kind and name, the name without `ngamsPlugIns.`."""
