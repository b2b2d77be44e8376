"""Work that goes on after its command was answered: a thread each, ended when the node goes
OFFLINE."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

from django.db import close_old_connections

from lagan.kit.errors import LaganError

_log = logging.getLogger(__name__)
PATIENCE = 30.0
"""Seconds that an errand has to end what it is at."""


@dataclass(slots=True)
class Errand:
    """One of them. Its work ends soon after `stop` is set; `done` of `total` things are done, and
    `wrong` of them were not as they should be."""

    kind: str
    name: str
    stop: threading.Event = field(default_factory=threading.Event)
    total: int = 0
    done: int = 0
    wrong: int = 0
    thread: threading.Thread | None = None


class Errands:
    """Those of a node."""

    def __init__(self) -> None:
        self._guard = threading.Lock()
        self._running: list[Errand] = []

    def running(self, kind: str) -> Errand | None:
        """One of a kind that is at work."""
        with self._guard:
            return next((each for each in self._running if each.kind == kind), None)

    def begin(self, kind: str, work: Callable[[Errand], object], *, alone: bool = False) -> Errand:
        """Start one. With `alone`, the one of that kind that is at work already instead."""
        moment = datetime.now().astimezone().strftime("%Y%m%dT%H%M%S.%f")[:-3]
        errand = Errand(kind, f"{kind}_{moment}")
        with self._guard:
            known = next((each for each in self._running if each.kind == kind), None)
            if alone and known is not None:
                return known
            self._running.append(errand)
        errand.thread = threading.Thread(
            target=self._run, args=(errand, work), name=errand.name, daemon=True
        )
        errand.thread.start()
        return errand

    def stop(self) -> None:
        """Have all of them end, and wait."""
        with self._guard:
            running = list(self._running)
        for each in running:
            each.stop.set()
        for each in running:
            if each.thread is not None and each.thread is not threading.current_thread():
                each.thread.join(PATIENCE)

    def _run(self, errand: Errand, work: Callable[[Errand], object]) -> None:
        close_old_connections()
        try:
            work(errand)
        except LaganError as error:
            _log.error("%s ended: %s", errand.name, error.sentence)
        except Exception:
            _log.exception("%s ended", errand.name)
        finally:
            with self._guard:
                self._running.remove(errand)
            close_old_connections()
