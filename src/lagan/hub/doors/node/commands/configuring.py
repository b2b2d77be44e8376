"""CONFIG, UPDATECONFIGPAR: what a running node goes by. HELP and what browsers ask for by
themselves.

Source: reference/ngas-http.md sections 2, 4.5 and 10. Better than there: CONFIG changes the log as
it says, and a value that does not fit the rest of the configuration changes nothing.
"""

from __future__ import annotations

import logging

from lagan.hub.doors.node.commands.command import Command
from lagan.hub.doors.node.commands.help_text import HELP
from lagan.hub.doors.node.config import changing, paths
from lagan.hub.doors.node.config.loading import judge
from lagan.hub.doors.node.process import logs
from lagan.hub.doors.node.wire.messages import CMD_SYNTAX
from lagan.hub.doors.node.wire.reply import Call, Done, Failed
from lagan.hub.doors.node.wire.server import Answer

_log = logging.getLogger(__name__)
_TOLD = "WARNING - this only changes what the node goes by now, but not the configuration file."


def _config(call: Call) -> Done:
    request = call.request
    syslog = request.switch("log_sys_Log") if request.has("log_sys_Log") else None
    logs.change(
        call.node,
        syslog=syslog,
        prefix=request.get("log_sys_log_prefix") or None,
        file=request.get("log_local_log_file") or None,
        level=request.number("log_local_log_level"),
        verbosity=request.number("log_verbose_level"),
    )
    return Done("Handled CONFIG command")


def _update(call: Call) -> Done:
    request = call.request
    if not (request.has("config_param") and request.has("config_value")):
        raise Failed(CMD_SYNTAX.say("UPDATECONFIGPAR", "config_param and config_value are needed"))
    path = paths.read_path(request.get("config_param"))
    if reason := changing.objection(path, trusted=bool(call.user)):
        raise Failed(f"{path} is not changed: {reason}.")
    node = call.node
    with node.turning:
        tree = paths.changed(node.tree, path, request.get("config_value"))
        config = judge(tree, str(node.file))
        node.tree, node.config = tree, config
        if path.top == "Log":
            logs.open_logs(node)
    _log.warning("%s is now %s, for %s", path, paths.get(tree, path), call.user or call.asker[0])
    return Done(
        f"Successfully changed the parameter '{path}' to its new value "
        f"'{paths.get(tree, path)}'. {_TOLD}"
    )


def _help(_: Call) -> Answer:
    return Answer(200, [("Content-Type", "text/plain; charset=utf-8")], HELP.encode())


_ICON = (
    b'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 16 16">'
    b'<path d="M8 1v9M4 6h8M2 10a6 5 0 0 0 12 0" fill="none" stroke="#246" stroke-width="2"/></svg>'
)


def _favicon(_: Call) -> Answer:
    return Answer(200, [("Content-Type", "image/svg+xml")], _ICON)


def _robots(_: Call) -> Answer:
    return Answer(200, [("Content-Type", "text/plain")], b"User-agent: *\nDisallow: /\n")


COMMANDS = {
    "CONFIG": Command(_config),
    "UPDATECONFIGPAR": Command(_update),
    "HELP": Command(_help),
    "favicon": Command(_favicon),
    "favicon.ico": Command(_favicon),
    "robots": Command(_robots),
    "robots.txt": Command(_robots),
}
