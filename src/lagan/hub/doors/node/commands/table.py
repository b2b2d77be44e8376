"""Every command by its name, as clients write it."""

from __future__ import annotations

from collections.abc import Mapping

from lagan.hub.doors.node.commands import (
    archiving,
    bbcp_archiving,
    local_archiving,
    passing_on,
    rearchiving,
    retrieving,
    states,
    telling,
)
from lagan.hub.doors.node.commands.command import Command

COMMANDS: Mapping[str, Command] = {
    **archiving.COMMANDS,
    **bbcp_archiving.COMMANDS,
    **local_archiving.COMMANDS,
    **passing_on.COMMANDS,
    **rearchiving.COMMANDS,
    **retrieving.COMMANDS,
    **states.COMMANDS,
    **telling.COMMANDS,
}

__all__ = ["COMMANDS", "Command"]
