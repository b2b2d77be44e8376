"""The mover brings content back and answers at the door. It may be killed at any time: whoever
waits goes on waiting, and the next one is told of them by the guard."""

from __future__ import annotations

import logging
import os
import socket
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from itertools import count
from pathlib import Path
from threading import Event, Lock
from typing import Any

from lagan.hsm.gate import wire
from lagan.hsm.gate.door import Door, Peer, busy, expect_file_of
from lagan.hsm.gate.holds import Holds
from lagan.hsm.gate.recalls import Ended, Recall, Recalls
from lagan.hsm.gate.refilling import Refilling
from lagan.hsm.gate.served import Served
from lagan.hsm.gate.settings import GateSettings
from lagan.hsm.target import Target
from lagan.kit.errors import LaganError, Unavailable

log = logging.getLogger("lagan.recalld")
SHOWN = 200
"""Recalls in one answer about what waits."""
_PATIENCE = 10.0
"""Seconds until the guard, who does nothing slow, must have answered."""


class Mover:
    """Serves one guard until it is gone."""

    def __init__(
        self,
        link: socket.socket,
        listening: socket.socket,
        holds: Holds,
        settings: GateSettings,
        *,
        roots: tuple[Path, ...],
        target_called: Callable[[str], Target],
        read_again: Callable[[], GateSettings],
        note: Callable[[Ended], None],
    ) -> None:
        self._link, self._holds, self._read_again = link, holds, read_again
        self._frozen = settings.state / "frozen"
        self._served = Served(roots)
        self._sending = Lock()
        self._heeding: dict[int, Event] = {}
        self._cutting: dict[tuple[int, int], int] = {}
        """Files whose holders said that they cut them, and the processes."""
        self._numbers = count(1)
        refill = Refilling(holds, target_called, self._served)
        self._recalls = Recalls(settings, refill, self._answer, note, frozen=self._frozen.exists)
        verbs = {"open": self._open, "status": self._status, "freeze": self._freeze}
        self._door = Door(listening, verbs, settings.worker_user)

    def serve(self) -> None:
        """Until the guard is gone."""
        self._tell_patience()
        self._door.serve()
        with suppress(wire.Closed):
            while True:
                message, descriptors = wire.receive(self._link)
                self._obey(message, descriptors)

    def _obey(self, message: wire.Message, descriptors: list[int]) -> None:
        if "event" in message:
            self._wanted(int(message["event"]), descriptors[0], int(message["pid"]))
            return
        wire.close_all(descriptors)
        if "gone" in message:
            self._recalls.gone(int(message["gone"]))
        elif "heeded" in message:
            self._heeding.pop(int(message["heeded"]), Event()).set()
        elif "reload" in message:
            self._reload()

    def _wanted(self, number: int, descriptor: int, process: int) -> None:
        """Somebody opens or cuts a file; who holds it to cut it is let through: the kernel tells of
        cutting whoever does it, by whatever descriptor."""
        found = os.fstat(descriptor)
        cutting = self._cutting.get((found.st_dev, found.st_ino)) == process
        if cutting and self._holds.held(found.st_dev, found.st_ino):
            os.close(descriptor)
            self._answer(number, 0)
        else:
            self._recalls.wanted(number, descriptor, process)

    def _reload(self) -> None:
        try:
            self._recalls.settings = self._read_again()
        except LaganError as error:
            log.error("The settings stay as they were: %s", error.sentence)
            return
        self._tell_patience()
        log.info("The settings were read again.")

    def _tell_patience(self) -> None:
        settings = self._recalls.settings
        self._say({"patience": settings.timeout, "error": settings.timeout_error})

    def _answer(self, number: int, verdict: int) -> None:
        self._say({"answer": number, "verdict": verdict})

    def _say(self, message: Mapping[str, Any], descriptors: tuple[int, ...] = ()) -> None:
        with self._sending, suppress(wire.Closed):  # without a guard this process ends as well
            wire.send(self._link, message, descriptors)

    def _open(
        self, message: wire.Message, descriptors: list[int], peer: Peer
    ) -> tuple[Mapping[str, Any], list[int]]:
        """A descriptor that raises no events, and the hold that goes with it."""
        found = expect_file_of(descriptors, peer.user)
        if not self._served.has(descriptors[0]):
            return {"served": False}, []
        # Whoever waits for the file comes first.
        wanted = self._recalls.wants(found.st_dev, found.st_ino)
        hold = None if wanted else self._holds.take(found.st_dev, found.st_ino)
        if hold is None:
            raise busy()
        try:
            if message.get("cuts"):
                self._cutting[found.st_dev, found.st_ino] = peer.process
            self._heed(descriptors[0])
            return {"served": True}, [self._served.open_quietly(descriptors[0]), hold]
        except BlockingIOError:
            os.close(hold)
            raise busy() from None
        except BaseException:
            os.close(hold)
            raise

    def _heed(self, descriptor: int) -> None:
        """Have the guard hear of whoever opens this file. Unavailable when it does not answer."""
        number, done = next(self._numbers), Event()
        self._heeding[number] = done
        self._say({"heed": number}, (descriptor,))
        if not done.wait(_PATIENCE):
            raise Unavailable("The gate's guard does not answer.")

    def _freeze(
        self, message: wire.Message, descriptors: list[int], peer: Peer
    ) -> tuple[Mapping[str, Any], list[int]]:
        if message.get("on"):
            self._frozen.touch()
        else:
            self._frozen.unlink(missing_ok=True)
        return {"frozen": self._frozen.exists()}, []

    def _status(
        self, message: wire.Message, descriptors: list[int], peer: Peer
    ) -> tuple[Mapping[str, Any], list[int]]:
        recalls = self._recalls.waiting()
        shown = [_shown(place, each) for place, each in enumerate(recalls[:SHOWN], start=1)]
        return {
            "frozen": self._frozen.exists(),
            "waiting": sum(len(each.askers) for each in recalls),
            "recalls": len(recalls),
            "bytes": sum(max(0, each.marker.size - each.moved) for each in recalls),
            "shown": shown,
        }, []


def _shown(place: int, recall: Recall) -> dict[str, Any]:
    """A recall for people: its place in the queue, since when, how much."""
    return {
        "place": place,
        "path": recall.path[:1024],
        "size": recall.marker.size,
        "moved": recall.moved,
        "seconds": round(time.time() - recall.asked, 1),
        "running": recall.begun is not None,
        "target": recall.marker.target,
        "programs": sorted({each.shown[:100] for each in list(recall.askers.values())})[:3],
        "waiting": len(recall.askers),
    }
