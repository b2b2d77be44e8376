"""How the hub and a drawing process speak: short headers on one socket, ranges one way, blocks and
pictures the other."""

from __future__ import annotations

import socket
import struct

HEADER = struct.Struct("<cQI")
"""What it is, an offset in bytes (of a range) and a length in bytes."""
WANT, PICTURE, DONE, FAILED = b"R", b"P", b"D", b"F"
"""The process wants a range; here is a picture; here are the blocks, the end; there is none."""
ANSWER = struct.Struct("<?I")
"""Whether the range could be read, and its length in bytes."""
LARGEST_PICTURE, LARGEST_BLOCKS = 16 << 20, 4 << 20
"""Bytes that the hub takes from a drawing process."""


def receive(line: socket.socket, length: int) -> bytes:
    """Exactly so many bytes. ConnectionError when the other side has gone."""
    data = bytearray(length)
    view, at = memoryview(data), 0
    while at < length:
        count = line.recv_into(view[at:])
        if count == 0:
            raise ConnectionError
        at += count
    return bytes(data)


def send(line: socket.socket, kind: bytes, payload: bytes) -> None:
    """A picture, the blocks or a failure."""
    line.sendall(HEADER.pack(kind, 0, len(payload)))
    line.sendall(payload)
