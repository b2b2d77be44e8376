"""The archiving plug-ins that are part of the node, by the names of deployed configurations.

Each is a function from an `Arrived` to a `Filed`: it looks at bytes that lie staged on their disk
and says what they are called and whether other bytes are kept instead. None runs a program or
writes a file. Source: reference/ngas-http.md sections 5.2, 5.4 and 12.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from lagan.hub.doors.node.plugins.dapi.arrived import Arrived, Filed
from lagan.hub.doors.node.plugins.dapi.fits import file_fits
from lagan.hub.doors.node.plugins.dapi.general import file_generally
from lagan.hub.doors.node.plugins.dapi.logs import file_log
from lagan.hub.doors.node.plugins.dapi.multipart import file_multipart
from lagan.hub.doors.node.plugins.dapi.tarball import file_tarball

__all__ = ["BUILT_IN", "Arrived", "Filed"]

BUILT_IN: Mapping[str, Callable[[Arrived], Filed]] = {
    "ngamsGenDapi": file_generally,
    "ngamsFitsPlugIn": file_fits,
    "ngamsNgLogPlugIn": file_log,
    "ngasTarBallPlugIn": file_tarball,
    "ngamsSdmMultipart": file_multipart,
}
"""By name, without `ngamsPlugIns.`."""
