"""MIRRTABLE and MIRREXEC: mirroring at once instead of when it is time.

Source: reference/ngas-http.md sections 4 and 8. MIRRTABLE lists the sources, MIRREXEC fetches what
waits; both answer at once.
"""

from __future__ import annotations

from lagan.hub.doors.node.commands.command import Command
from lagan.hub.doors.node.process.state import ONLINE
from lagan.hub.doors.node.wire.messages import SERVICE_UNAVAIL
from lagan.hub.doors.node.wire.reply import Call, Done, Failed


def _list(call: Call) -> Done:
    _require_mirroring(call)
    call.node.mirror.list_now()
    return Done("Successfully handled command MIRRTABLE")


def _fetch(call: Call) -> Done:
    _require_mirroring(call)
    call.node.mirror.fetch_now()
    return Done("Successfully handled command MIRREXEC")


def _require_mirroring(call: Call) -> None:
    if call.node.config.mirroring is None:
        raise Failed(SERVICE_UNAVAIL.say("Mirroring"))


COMMANDS = {
    "MIRRTABLE": Command(_list, states=(ONLINE,)),
    "MIRREXEC": Command(_fetch, states=(ONLINE,)),
}
