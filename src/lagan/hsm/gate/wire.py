"""Messages between the guard, the mover and those who ask them: a dictionary and open descriptors,
whole or not at all, over a local socket."""

from __future__ import annotations

import array
import json
import os
import socket
from collections.abc import Mapping, Sequence
from typing import Any

LONGEST = 128 << 10
"""Bytes of a message: what a local socket takes in one piece by default, with room to spare."""
_MOST = 8
"""Descriptors in one."""

Message = dict[str, Any]


class Closed(Exception):  # noqa: N818 - it ends a conversation, and is expected to
    """The other side is gone."""


def pair() -> tuple[socket.socket, socket.socket]:
    """Both ends of a conversation."""
    return socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)


def send(
    connection: socket.socket, message: Mapping[str, Any], descriptors: Sequence[int] = ()
) -> None:
    """Closed when nobody is there any more."""
    data = json.dumps(message).encode()
    given = [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", descriptors))]
    try:
        connection.sendmsg([data], given if descriptors else [])
    except (BrokenPipeError, ConnectionError):
        raise Closed from None


def receive(connection: socket.socket) -> tuple[Message, list[int]]:
    """The next message and the descriptors in it, which are ours to close. Closed at the end, and
    for what is no message."""
    room = socket.CMSG_SPACE(_MOST * array.array("i").itemsize)
    try:
        data, given, flags, _ = connection.recvmsg(LONGEST, room, socket.MSG_CMSG_CLOEXEC)
    except ConnectionError:
        raise Closed from None
    descriptors = array.array("i")
    for level, kind, content in given:
        if (level, kind) == (socket.SOL_SOCKET, socket.SCM_RIGHTS):
            descriptors.frombytes(content[: len(content) - len(content) % descriptors.itemsize])
    try:
        message = json.loads(data) if not flags & socket.MSG_TRUNC else None
    except ValueError:
        message = None
    if not isinstance(message, dict):
        close_all(descriptors)
        raise Closed
    return message, list(descriptors)


def close_all(descriptors: Sequence[int]) -> None:
    """Close what was received."""
    for each in descriptors:
        os.close(each)
