"""Every command by its name, as clients write it."""

from __future__ import annotations

from collections.abc import Mapping

from lagan.hub.doors.node.commands import (
    archiving,
    asking,
    bbcp_archiving,
    checking,
    configuring,
    containers,
    copying_files,
    labelling,
    local_archiving,
    mirroring,
    observing,
    passing_on,
    purging_files,
    rearchiving,
    registering_files,
    removing_files,
    retrieving,
    states,
    subscribing,
    telling,
)
from lagan.hub.doors.node.commands.command import Command

COMMANDS: Mapping[str, Command] = {
    **archiving.COMMANDS,
    **asking.COMMANDS,
    **bbcp_archiving.COMMANDS,
    **checking.COMMANDS,
    **configuring.COMMANDS,
    **containers.COMMANDS,
    **copying_files.COMMANDS,
    **labelling.COMMANDS,
    **local_archiving.COMMANDS,
    **observing.COMMANDS,
    **mirroring.COMMANDS,
    **passing_on.COMMANDS,
    **purging_files.COMMANDS,
    **rearchiving.COMMANDS,
    **registering_files.COMMANDS,
    **removing_files.COMMANDS,
    **retrieving.COMMANDS,
    **states.COMMANDS,
    **subscribing.COMMANDS,
    **telling.COMMANDS,
}

__all__ = ["COMMANDS", "Command"]
