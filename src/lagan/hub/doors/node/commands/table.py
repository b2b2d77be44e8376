"""Every command by its name, as clients write it."""

from __future__ import annotations

from collections.abc import Mapping

from lagan.hub.doors.node.commands import (
    archiving,
    asking,
    checking,
    configuring,
    copying_files,
    labelling,
    purging_files,
    registering_files,
    removing_files,
    retrieving,
    states,
    telling,
)
from lagan.hub.doors.node.commands.command import Command

COMMANDS: Mapping[str, Command] = {
    **archiving.COMMANDS,
    **asking.COMMANDS,
    **checking.COMMANDS,
    **configuring.COMMANDS,
    **copying_files.COMMANDS,
    **labelling.COMMANDS,
    **purging_files.COMMANDS,
    **registering_files.COMMANDS,
    **removing_files.COMMANDS,
    **retrieving.COMMANDS,
    **states.COMMANDS,
    **telling.COMMANDS,
}

__all__ = ["COMMANDS", "Command"]
