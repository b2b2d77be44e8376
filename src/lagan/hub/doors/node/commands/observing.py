"""METRICS and HEALTH: what monitoring asks a node for. The archive server has neither.

HEALTH answers anybody whom Authorization lets in; METRICS an authorised user, whoever has the token
of LAGAN_METRICS_TOKEN, or, where none is set, this machine.
"""

from __future__ import annotations

import hmac
import json
import os
from collections.abc import Iterator
from ipaddress import ip_address

from django.db import DatabaseError, connection
from prometheus_client import CONTENT_TYPE_LATEST

from lagan.hub.doors.node.commands.command import Command
from lagan.hub.doors.node.process import metrics
from lagan.hub.doors.node.process.state import ONLINE
from lagan.hub.doors.node.wire.reply import Call, Failed
from lagan.hub.doors.node.wire.server import Answer

Check = tuple[str, bool, str]
"""What was looked at, whether it is well, and why not."""


def _metrics(call: Call) -> Answer:
    if not _may_scrape(call):
        raise Failed("Command not found", 404)
    node = call.node
    said = metrics.exposition(
        node.meters,
        host=node.host_id,
        online=node.state.state == ONLINE,
        busy=node.state.active,
    )
    return Answer(200, [("Content-Type", CONTENT_TYPE_LATEST)], said)


def _may_scrape(call: Call) -> bool:
    if call.user:
        return True
    if token := os.environ.get("LAGAN_METRICS_TOKEN", ""):
        given = call.request.headers.get("authorization", "")
        return hmac.compare_digest(given.encode(), f"Bearer {token}".encode())
    return ip_address(call.asker[0]).is_loopback


def _health(call: Call) -> Answer:
    checks = list(_checks(call))
    well = all(good for _, good, _ in checks)
    said = {
        "status": "well" if well else "unwell",
        "state": call.node.state.state,
        "checks": [{"name": name, "well": good, "reason": why} for name, good, why in checks],
    }
    headers = [("Content-Type", "application/json"), ("Cache-Control", "no-store")]
    return Answer(200 if well else 503, headers, json.dumps(said).encode())


def _checks(call: Call) -> Iterator[Check]:
    yield _database()
    online = call.node.state.state == ONLINE
    yield "state", online, "" if online else "the node is OFFLINE"
    disks = list(call.node.disks)
    yield "volumes", bool(disks), "" if disks else "no volume is mounted"
    if call.node.config.permissions.archive and disks:
        room = any(each.takes(1) for each in disks)
        yield "room", room, "" if room else "no volume takes files: all are full or only read"


def _database() -> Check:
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except DatabaseError as error:
        return "database", False, type(error).__name__
    return "database", True, ""


COMMANDS = {"METRICS": Command(_metrics), "HEALTH": Command(_health)}
