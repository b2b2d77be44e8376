"""The guard owns the events: it lets through at once who opens a file that is here, and keeps who
opens one that is away waiting, whatever becomes of the movers that it starts one after another.

It does as little as it can, because with it, unless a service manager keeps its group of events,
goes the promise.
"""

from __future__ import annotations

import errno
import logging
import os
import socket
import subprocess
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import count
from queue import SimpleQueue
from threading import Event as Flag
from threading import Lock, Thread

from lagan.hsm import marker as markers
from lagan.hsm.errors import BadMarker
from lagan.hsm.gate import wire
from lagan.hsm.gate.fanotify import DENIALS, Attributes, Event, Group, number_path
from lagan.hsm.gate.holds import Holds
from lagan.hsm.gate.readers import Readers

log = logging.getLogger("lagan.recalld")
TICK = 0.1
"""Seconds between looks at who waits."""
_LONGEST = 24 * 3600.0
"""Seconds that a reader waits when no mover has said how long."""

StartMover = Callable[[socket.socket], subprocess.Popen[bytes]]
"""Starts a mover that speaks with us by its end of a pair."""


@dataclass(frozen=True, slots=True)
class Waiting:
    """Somebody who waits in the kernel for a file that is away."""

    descriptor: int
    process: int
    since: float = field(default_factory=time.monotonic)


class Guard:
    """Serves a group until `stop`."""

    def __init__(
        self,
        group: Group,
        attributes: Attributes,
        holds: Holds,
        start_mover: StartMover,
        stop: Flag,
    ) -> None:
        self._group, self._attributes, self._holds = group, attributes, holds
        self._start, self._stop = start_mover, stop
        self._numbers = count(1)
        self._waiting: dict[int, Waiting] = {}
        self._lock = Lock()
        self._marking = Lock()
        self._unsent: SimpleQueue[int | str] = SimpleQueue()
        self._mover: subprocess.Popen[bytes] | None = None
        self._link: socket.socket | None = None
        self._patience, self._error = _LONGEST, errno.EIO
        self._ours = {os.getpid()}
        self._nothing = os.open(os.devnull, os.O_RDONLY | os.O_CLOEXEC)

    def serve(self, ready: Callable[[], object]) -> None:
        """Answer until stopped, telling when we do; then who waits is refused with EAGAIN."""
        readers = Readers(self._group, self._handle, self._stop)
        Thread(target=self._send_all, name="to-mover", daemon=True).start()
        Thread(target=self._keep_mover, name="mover", daemon=True).start()
        Thread(target=self._heed_stubs, name="attributes", daemon=True).start()
        readers.start()
        ready()
        while not self._stop.wait(TICK):
            readers.relieve()
            self._look_after_waiting()
        self._end()

    def reload(self) -> None:
        """Have the mover read its settings again, and look at every file anew."""
        self._group.heed_all()
        self._unsent.put("reload")

    def _handle(self, event: Event) -> None:
        """Answer now, or keep it for the mover."""
        if not event.wants_answer:
            os.close(event.descriptor)
        elif event.process in self._ours:
            self._answer(event.descriptor, 0)
        else:
            verdict = self._look(event.descriptor)
            if verdict is None:
                self._keep(event)
            else:
                self._answer(event.descriptor, verdict)

    def _look(self, descriptor: int) -> int | None:
        """0 for a file that is here, an errno for one of which nobody knows, else None."""
        try:
            if _is_away(descriptor):
                return None
            found = os.fstat(descriptor)
            with self._marking:  # whoever takes a hold has the file heeded after that
                held = self._holds.held(found.st_dev, found.st_ino)
                if not held and not _is_away(descriptor):
                    self._group.ignore(descriptor)
        except BadMarker as error:
            log.warning("%s", error.sentence)
            return errno.EIO
        except OSError as error:
            log.warning("A file cannot be looked at: %s", error)
        return 0

    def _heed_stubs(self) -> None:
        """A file that is a stub from now on, by whoever made it one, is heeded."""
        while True:
            for handle in self._attributes.changed():
                if handle is None:
                    self._group.heed_all()
                    continue
                for found in self._attributes.each(handle):
                    with suppress(OSError):
                        self._heed_if_stub(found)

    def _heed_if_stub(self, descriptor: int) -> None:
        if b'"premigrated"' not in os.getxattr(number_path(descriptor), markers.NAME):
            with self._marking:
                self._group.heed(descriptor)

    def _keep(self, event: Event) -> None:
        with self._lock:
            number = next(self._numbers)
            self._waiting[number] = Waiting(event.descriptor, event.process)
        self._unsent.put(number)

    def _answer(self, descriptor: int, verdict: int) -> None:
        """Our descriptor goes first, or whoever moves the file next finds it open; its number, by
        which the kernel knows the event, goes last, or another event could get it."""
        os.dup2(self._nothing, descriptor, inheritable=False)
        self._group.answer(descriptor, verdict)
        os.close(descriptor)

    def _release(self, number: int, verdict: int) -> None:
        with self._lock:
            waiting = self._waiting.pop(number, None)
        if waiting is not None:
            known = verdict if verdict in {0, *DENIALS} else errno.EIO
            self._answer(waiting.descriptor, known)

    def _look_after_waiting(self) -> None:
        """Who waits too long is refused; who was killed waits no more."""
        now = time.monotonic()
        with self._lock:
            waiting = list(self._waiting.items())
        for number, each in waiting:
            late = now - each.since > self._patience
            if late or _is_gone(each.process):
                self._release(number, self._error)
                self._unsent.put(-number)

    def _send_all(self) -> None:
        """Tell the mover of everybody who waits; one who is not there is told later."""
        while not self._stop.is_set():
            what = self._unsent.get()
            link = self._link
            if link is None:
                continue  # all who wait are sent to the next one
            with suppress(wire.Closed, OSError):
                self._send(link, what)

    def _send(self, link: socket.socket, what: int | str) -> None:
        if isinstance(what, str):
            wire.send(link, {what: True})
        elif what < 0:
            wire.send(link, {"gone": -what})
        else:
            with self._lock:
                waiting = self._waiting.get(what)
                copy = os.dup(waiting.descriptor) if waiting else -1
            if waiting is not None:
                try:
                    waits = time.monotonic() - waiting.since
                    wire.send(link, {"event": what, "pid": waiting.process, "waits": waits}, [copy])
                finally:
                    os.close(copy)

    def _keep_mover(self) -> None:
        """Start a mover, hear what it says, and start another one when it is gone."""
        while not self._stop.is_set():
            begun = time.monotonic()
            ours, theirs = wire.pair()
            with theirs:
                self._mover = self._start(theirs)
            self._ours = {os.getpid(), self._mover.pid}
            self._link = ours
            with self._lock:
                numbers = sorted(self._waiting)
            for number in numbers:
                self._unsent.put(number)
            self._hear(ours)
            self._link = None
            code = self._mover.wait()
            ours.close()
            if not self._stop.is_set():
                log.error("The mover ended (%s); %d wait for the next one.", code, len(numbers))
                self._stop.wait(max(0.0, 1.0 - (time.monotonic() - begun)))

    def _hear(self, link: socket.socket) -> None:
        try:
            while True:
                message, descriptors = wire.receive(link)
                try:
                    self._obey(link, message, descriptors)
                finally:
                    wire.close_all(descriptors)
        except wire.Closed:
            return

    def _obey(self, link: socket.socket, message: wire.Message, descriptors: list[int]) -> None:
        if "answer" in message:
            self._release(int(message["answer"]), int(message["verdict"]))
        elif "heed" in message:
            with self._marking:
                self._group.heed(descriptors[0])
            wire.send(link, {"heeded": message["heed"]})
        elif "patience" in message:
            self._patience = float(message["patience"])
            self._error = int(message["error"])

    def _end(self) -> None:
        with self._lock:
            numbers = list(self._waiting)
        for number in numbers:
            self._release(number, errno.EAGAIN)
        if self._mover is not None:
            self._mover.terminate()
            try:
                self._mover.wait(30)
            except subprocess.TimeoutExpired:
                self._mover.kill()
                self._mover.wait()


def _is_away(descriptor: int) -> bool:
    marker = markers.read(descriptor)
    return marker is not None and marker.away


def _is_gone(process: int) -> bool:
    if process <= 0:  # of a namespace that we do not see
        return False
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return True
    except PermissionError:
        return False
    return False
