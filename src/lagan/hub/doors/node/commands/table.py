"""Every command by its name, as clients write it."""

from __future__ import annotations

from collections.abc import Mapping

from lagan.hub.doors.node.commands import (
    archiving,
    asking,
    checking,
    copying_files,
    purging_files,
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
    **checking.COMMANDS,
    **copying_files.COMMANDS,
    **purging_files.COMMANDS,
    **removing_files.COMMANDS,
    **retrieving.COMMANDS,
    **states.COMMANDS,
    **subscribing.COMMANDS,
    **telling.COMMANDS,
}

__all__ = ["COMMANDS", "Command"]
