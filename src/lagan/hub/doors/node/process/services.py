"""The threads that work beside a node's port while it is ONLINE."""

from __future__ import annotations

import logging
import threading
from typing import TYPE_CHECKING

from django.db import close_old_connections

from lagan.hub.doors.node.background.table import SERVICES, Service

if TYPE_CHECKING:
    from lagan.hub.doors.node.node import ArchiveNode

_log = logging.getLogger(__name__)
PATIENCE = 30.0
"""Seconds that a service has to end what it is at."""


class Services:
    """Those that a node's configuration asks for."""

    def __init__(self, node: ArchiveNode) -> None:
        self._node = node
        self._stop = threading.Event()
        self._threads: list[threading.Thread] = []

    def start(self) -> None:
        """Begin all of them."""
        self._stop = threading.Event()
        wanted = [each for each in SERVICES if each.wanted(self._node.config)]
        self._threads = [
            threading.Thread(target=self._run, args=(each, self._stop), name=each.name, daemon=True)
            for each in wanted
        ]
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """Ask all of them to end, and wait."""
        self._stop.set()
        for thread in self._threads:
            if thread is not threading.current_thread():
                thread.join(PATIENCE)
                if thread.is_alive():
                    _log.error("The service %s does not end.", thread.name)
        self._threads = []

    def _run(self, service: Service, stop: threading.Event) -> None:
        while not stop.is_set():
            close_old_connections()
            try:
                service.run(self._node, stop)
                return
            except Exception:
                _log.exception("The service %s is begun again.", service.name)
                stop.wait(service.pause)
            finally:
                close_old_connections()
