"""The gate's door, a local socket: a worker gets its descriptors here, an administrator asks and
freezes. Only root and the worker's user are answered."""

from __future__ import annotations

import logging
import os
import socket
import struct
from collections.abc import Callable, Mapping
from stat import S_ISREG
from threading import Thread
from typing import Any, NamedTuple

from lagan.hsm.errors import Busy, Unfit
from lagan.hsm.gate import wire
from lagan.kit.errors import BadInput, Forbidden, LaganError

log = logging.getLogger("lagan.recalld")


class Peer(NamedTuple):
    """Who asks: the user and the process."""

    user: int
    process: int


Verb = Callable[[wire.Message, list[int], Peer], tuple[Mapping[str, Any], list[int]]]
"""Given a message, its descriptors and who asks; the answer and its descriptors, which are closed
when they are sent."""
_CREDENTIALS = struct.Struct("iII")
PATIENCE = 10.0
"""Seconds for somebody at the door to say what they want."""


class Door:
    """Answers at a listening socket by verbs."""

    def __init__(self, listening: socket.socket, verbs: Mapping[str, Verb], user: int) -> None:
        self._listening, self._verbs, self._user = listening, verbs, user

    def serve(self) -> None:
        """Answer from now on, each in a thread of their own."""
        Thread(target=self._accept, name="door", daemon=True).start()

    def _accept(self) -> None:
        while True:
            connection, _ = self._listening.accept()
            Thread(target=self._attend, args=(connection,), daemon=True).start()

    def _attend(self, connection: socket.socket) -> None:
        with connection:
            connection.settimeout(PATIENCE)
            try:
                while True:
                    message, descriptors = wire.receive(connection)
                    try:
                        answer, given = self._answer(connection, message, descriptors)
                    finally:
                        wire.close_all(descriptors)
                    try:
                        wire.send(connection, answer, given)
                    finally:
                        wire.close_all(given)
            except (wire.Closed, TimeoutError):
                return
            except Exception:
                log.exception("Somebody at the door could not be answered.")

    def _answer(
        self, connection: socket.socket, message: wire.Message, descriptors: list[int]
    ) -> tuple[Mapping[str, Any], list[int]]:
        try:
            peer = _peer_of(connection)
            if peer.user not in (0, os.geteuid(), self._user):
                raise Forbidden("Only root and the worker may ask the gate.")
            verb = self._verbs.get(str(message.get("verb")))
            if verb is None:
                raise BadInput(f"The gate knows no {message.get('verb')!r}.")
            return verb(message, descriptors, peer)
        except LaganError as error:
            return {"refused": error.code, "sentence": error.sentence}, []
        except OSError as error:
            return {"errno": error.errno, "sentence": str(error.strerror)}, []


def _peer_of(connection: socket.socket) -> Peer:
    raw = connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _CREDENTIALS.size)
    process, user, _ = _CREDENTIALS.unpack(raw)
    return Peer(user, process)


def expect_file_of(descriptors: list[int], user: int) -> os.stat_result:
    """The facts of the one file that was handed over. Forbidden for another user's: only an owner
    or root may have the lease that moving needs."""
    if len(descriptors) != 1:
        raise BadInput("One file at a time.")
    found = os.fstat(descriptors[0])
    if not S_ISREG(found.st_mode):
        raise Unfit("Only the content of files can move.")
    if user not in (0, found.st_uid):
        raise Forbidden("This file is another user's.")
    return found


def busy() -> Busy:
    """Of a file that somebody else holds."""
    return Busy("The content of this file is being moved by another process.")
