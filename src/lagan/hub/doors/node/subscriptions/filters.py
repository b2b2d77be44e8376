"""The filter plug-in that deployed subscriptions name.

Source: reference/ngas-http.md section 12.
"""

from __future__ import annotations

from typing import Any

from lagan.hub.doors.node.config.kinds import pairs
from lagan.hub.doors.node.files.layout import type_of
from lagan.kit.errors import BadInput


def by_mime_type(
    server: Any, parameters: str, file_name: str, file_id: str, file_version: int = -1
) -> bool:
    """Whether a file has one of the types of `mime_types=<one>|<other>`, by its name. BadInput
    without that parameter."""
    del file_id, file_version
    wanted = pairs(parameters).get("mime_types")
    if not wanted:
        raise BadInput("ngamsMimeTypeFilterPI: Missing Plug-In Parameter: mime_types")
    extensions = {each.extension: each.mime_type for each in server.getCfg().mime_types.items}
    return type_of(file_name, extensions) in {each.strip() for each in wanted.split("|")}
