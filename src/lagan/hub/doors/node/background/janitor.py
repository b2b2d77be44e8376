"""The janitor: every SuspensionTime a node tidies up after itself, one thing after the other; what
fails does not stop the next.

Source: seeds/archive-server-config.txt, `JanitorThread`; reference/ngas-http.md section 8. Hosts
are woken by the service `suspension`, at once and not only in the janitor's round.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from lagan.hub.doors.node.background import log_keeping, tidying
from lagan.hub.doors.node.background.service import Service
from lagan.hub.doors.node.files import buffering
from lagan.hub.doors.node.plugins.facade import PlugInServer
from lagan.hub.doors.node.process.state import ONLINE

if TYPE_CHECKING:
    from lagan.hub.doors.node.node import ArchiveNode

_log = logging.getLogger(__name__)

REQUESTS_KEPT = timedelta(hours=24)
NO_ROOM = "NO DISK SPACE FOR SYSTEM DIRECTORIES"
_LOOK = 0.2
"""Seconds between two tries to be the one who changes the node's state."""

Task = Callable[["ArchiveNode", threading.Event], None]


def run(node: ArchiveNode, stop: threading.Event) -> None:
    """Go round until told to stop."""
    while not stop.is_set():
        go_round(node, stop)
        stop.wait(node.config.janitor.pause.total_seconds())


def go_round(node: ArchiveNode, stop: threading.Event) -> None:
    """Everything once."""
    for task in (*TASKS, *_plug_ins(node)):
        if stop.is_set():
            return
        try:
            task(node, stop)
        except Exception:
            _log.exception("Something is not tidied up.")


def _retry_buffered(node: ArchiveNode, stop: threading.Event) -> None:
    count = buffering.retry(node, stop)
    if count:
        _log.info("%d files of the back-log buffer are archived.", count)


def _forget_requests(node: ArchiveNode, _stop: threading.Event) -> None:
    node.requests.forget(datetime.now(UTC) - REQUESTS_KEPT)


def _tidy(node: ArchiveNode, _stop: threading.Event) -> None:
    for folder, left_alone in tidying.folders(node):
        count = tidying.tidy(folder, left_alone, time.time())
        if count:
            _log.info("%d leftovers of %s are gone.", count, folder)


def _send_mail(node: ArchiveNode, _stop: threading.Event) -> None:
    node.mail.flush()


def _keep_logs(node: ArchiveNode, _stop: threading.Event) -> None:
    log_keeping.keep(node)


def _look_for_room(node: ArchiveNode, stop: threading.Event) -> None:
    """A node whose own folders are full goes OFFLINE before it loses something."""
    full = tidying.full_folders(node)
    if not full:
        return
    least = node.config.janitor.least_space_mb
    text = "\n".join(f"{folder}: {free} MiB are free, {least} are needed." for folder, free in full)
    _log.critical("The node goes OFFLINE, there is no room: %s", text)
    node.mail.send("no_disk_space", NO_ROOM, f"{text}\n\nThe node goes OFFLINE.", forced=True)
    # Who holds this may be waiting for the janitor to end.
    while not stop.is_set():
        if node.turning.acquire(timeout=_LOOK):
            try:
                if node.state.state == ONLINE:
                    node.go_offline()
            finally:
                node.turning.release()
            return


TASKS: tuple[Task, ...] = (
    _retry_buffered,
    _forget_requests,
    _tidy,
    _send_mail,
    _keep_logs,
    _look_for_room,
)


def _plug_ins(node: ArchiveNode) -> list[Task]:
    return [_plug_in(name) for name in node.config.janitor.plug_ins]


def _plug_in(name: str) -> Task:
    def call(node: ArchiveNode, stop: threading.Event) -> None:
        node.plug_ins.call("janitor", name, PlugInServer(node), stop)

    return call


SERVICE = Service("janitor", run)
