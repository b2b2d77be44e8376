"""A file that lies on tape is brought back before it is read, by the plug-in of the installation.

`FileStagingDef` names it: `isFileOffline(path)` says whether a file is away, `stageFiles(paths)`
returns when they are back. Source: reference/ngas-http.md sections 10 and 12.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from lagan.hub.doors.node.wire.reply import Failed

if TYPE_CHECKING:
    from lagan.hub.doors.node.node import ArchiveNode

_log = logging.getLogger(__name__)
KIND: Final = "file staging"
STAGE = "stageFiles"


def bring_back(node: ArchiveNode, path: Path) -> None:
    """Return when the file is on its disk. Failed when it cannot be brought back."""
    defined = node.config.staging
    if not defined.enabled or not defined.plug_in:
        return
    if not node.plug_ins.call(KIND, defined.plug_in, str(path)):
        return
    _log.info("%s is brought back from tape.", path)
    stage = _stage(node, defined.plug_in)
    try:
        stage([str(path)])
    except Exception as error:
        _log.exception("The plug-in %s failed.", defined.plug_in)
        raise Failed(f"The plug-in {defined.plug_in} cannot bring back a file: {error}") from None


def _stage(node: ArchiveNode, name: str) -> Callable[..., Any]:
    found = getattr(node.plug_ins.module(KIND, name), STAGE, None)
    if not callable(found):
        raise Failed(f"The plug-in {name} has no {STAGE}.")
    return found  # type: ignore[no-any-return]
