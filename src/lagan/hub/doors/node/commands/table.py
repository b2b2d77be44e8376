"""Every command by its name, as clients write it."""

from __future__ import annotations

from collections.abc import Mapping

from lagan.hub.doors.node.commands import archiving, asking, retrieving, states, telling
from lagan.hub.doors.node.commands.command import Command

COMMANDS: Mapping[str, Command] = {
    **archiving.COMMANDS,
    **asking.COMMANDS,
    **retrieving.COMMANDS,
    **states.COMMANDS,
    **telling.COMMANDS,
}

__all__ = ["COMMANDS", "Command"]
