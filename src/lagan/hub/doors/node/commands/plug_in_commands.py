"""Commands that plug-ins implement: those of the configuration, and every `ngamsCmd_<NAME>` in a
configured folder.

The table is made when the configuration is read. What is not in it then is no command, whatever a
request says. Source: reference/ngas-http.md sections 4 and 12.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import TYPE_CHECKING, Any

from lagan.hub.doors.node.commands.command import Command
from lagan.hub.doors.node.commands.table import COMMANDS
from lagan.hub.doors.node.plugins.facade import PlugInConnection, PlugInRequest, PlugInServer
from lagan.hub.doors.node.plugins.loading import COMMAND
from lagan.hub.doors.node.wire.reply import Call, Done, Failed
from lagan.hub.doors.node.wire.server import Answer
from lagan.hub.doors.node.wire.status import FAILURE, SUCCESS

if TYPE_CHECKING:
    from lagan.hub.doors.node.node import ArchiveNode


CORE = frozenset(
    {
        *("ARCHIVE", "BBCPARC", "CACHEDEL", "CAPPEND", "CARCHIVE", "CCREATE", "CDESTROY"),
        *("CHECKFILE", "CLIST", "CLONE", "CONFIG", "CREMOVE", "CRETRIEVE", "DISCARD", "EXIT"),
        *("HELP", "INIT", "LABEL", "LARCHIVE", "OFFLINE", "ONLINE", "QARCHIVE", "QUERY"),
        *("REARCHIVE", "REGISTER", "REMDISK", "REMFILE", "RETRIEVE", "STATUS", "SUBSCRIBE"),
        "UNSUBSCRIBE",
    }
)
"""Commands that nothing takes the place of."""


def table(node: ArchiveNode) -> Mapping[str, Command]:
    """The plug-in commands of a node by their names. Configured ones win over our extra commands,
    these over what only lies in a folder."""
    lying = {
        name: _command(module, again=False)
        for name, module in node.plug_ins.commands()
        if name not in COMMANDS
    }
    configured = {
        each.name: _configured(each.module)
        for each in node.config.commands.items
        if each.name not in CORE
    }
    return {**lying, **configured}


def _configured(module: str) -> Command:
    """A configured module that is one of ours is our command under that name."""
    ours = COMMANDS.get(module.rpartition(".")[2].removeprefix(COMMAND))
    return ours or _command(module, again=True)


def _command(module: str, *, again: bool) -> Command:
    return Command(partial(_run, module, again))


def _run(module: str, again: bool, call: Call) -> Done | Answer:
    plug_ins = call.node.plug_ins
    # Only what the administrator named is read again on request.
    if again and call.request.switch("reload"):
        plug_ins.forget("command", module)
    http = PlugInConnection(call.body, call.asker)
    said = plug_ins.call(
        "command", module, PlugInServer(call.node), PlugInRequest(call.request), http
    )
    if http.sent is not None and _plausible(http.sent[0], SUCCESS):
        code, mime_type, content = http.sent
        return Answer(code, [("Content-Type", mime_type)], content)
    return meant(module, said if http.told is None else http.told)


def meant(module: str, said: Any) -> Done:
    """What a plug-in's answer means: nothing, a message, or code, status and message. Failed for
    anything else."""
    match said:
        case None:
            return Done()
        case str():
            return Done(said)
        case (int(code), str(status), str(message)) if _plausible(code, status):
            return Done(message, status=status, code=code)
    raise Failed(f"The plug-in {module} gave no answer that is one: {type(said).__name__}.")


def _plausible(code: int, status: str) -> bool:
    return 200 <= code <= 599 and status in (SUCCESS, FAILURE)
