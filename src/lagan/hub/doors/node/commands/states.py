"""ONLINE, OFFLINE, INIT, EXIT: the node's state on request."""

from __future__ import annotations

from lagan.hub.doors.node.commands.command import Command
from lagan.hub.doors.node.process.state import ANY_SUB_STATE, IDLE, OFFLINE, ONLINE
from lagan.hub.doors.node.wire.reply import Call, Done


def _online(call: Call) -> Done:
    with call.node.turning:
        call.node.state.require("ONLINE", (OFFLINE,), (IDLE,))
        call.node.use(*call.node.read_config())
        call.node.go_online()
    return Done("Successfully handled command ONLINE")


def _offline(call: Call) -> Done:
    # Present with any value it forces: a deployed client sends force=0 with every OFFLINE.
    allowed = ANY_SUB_STATE if call.request.has("force") else (IDLE,)
    with call.node.turning:
        call.node.state.require("OFFLINE", (ONLINE,), allowed)
        call.node.go_offline()
    return Done("Successfully handled command OFFLINE")


def _init(call: Call) -> Done:
    with call.node.turning:
        call.node.state.require("INIT", (ONLINE,), (IDLE,))
        config = call.node.read_config()
        call.node.go_offline()
        call.node.use(*config)
        call.node.go_online()
    return Done("Successfully handled command INIT")


def _exit(call: Call) -> Done:
    return Done("NG/AMS Server performing exit", after=call.node.ended.set)


COMMANDS = {
    "ONLINE": Command(_online),
    "OFFLINE": Command(_offline),
    "INIT": Command(_init),
    "EXIT": Command(_exit, states=(OFFLINE,), sub_states=(IDLE,)),
}
