"""LARCHIVE: a file that lies on this host is archived, and then removed from where it was.

Source: reference/ngas-http.md section 4.2. Better than there: only files at allowed places are
taken (`places.py`), the source is removed when its bytes are durable and only if it is still what
was read, and a refusal is a status document.
"""

from __future__ import annotations

import logging
from dataclasses import replace

from lagan.hub.doors.node.archival.order import understand
from lagan.hub.doors.node.archival.storing import choose, store
from lagan.hub.doors.node.commands.archiving import done
from lagan.hub.doors.node.commands.command import Command
from lagan.hub.doors.node.files.pulling import is_local, source_of
from lagan.hub.doors.node.process.state import ONLINE
from lagan.hub.doors.node.wire.messages import MIS_PAR
from lagan.hub.doors.node.wire.reply import Call, Done, Failed

_log = logging.getLogger(__name__)


def _larchive(call: Call) -> Done:
    uri = call.request.get("fileUri") or call.request.get("filename")
    if not uri:
        raise Failed(MIS_PAR.say("fileUri"))
    if not is_local(uri):
        raise Failed(f"{uri[:300]} is not a file of this host.")
    request = replace(call.request, parameters={**call.request.parameters, "filename": uri})
    order = understand(request, call.node.config, full=False)
    with source_of(call.node, uri) as source:
        stored = store(call.node, order, source, choose(call.node, order, source.size), by=call.by)
        if not source.remove():
            _log.warning("%s was archived and stays: it changed meanwhile.", uri)
    return done(replace(call, request=replace(request, method="GET")), stored)


COMMANDS = {"LARCHIVE": Command(_larchive, states=(ONLINE,), busy=True, allows="archive")}
