"""The packets of SFTP version 3 as bytes.

Source: draft-ietf-secsh-filexfer-02.
"""

from __future__ import annotations

import os
import struct
from enum import IntEnum
from typing import BinaryIO

from lagan.kit.errors import BadInput

LONGEST = 300_000
"""Bytes of a packet: OpenSSH's own limit is 256 KiB of data and what goes with it."""


class Kind(IntEnum):
    """What a packet is about."""

    INIT, VERSION, OPEN, CLOSE, READ, WRITE, LSTAT, FSTAT = range(1, 9)
    SETSTAT, FSETSTAT, OPENDIR, READDIR, REMOVE, MKDIR, RMDIR, REALPATH, STAT = range(9, 18)
    RENAME = 18
    STATUS, HANDLE, DATA, NAME, ATTRS = range(101, 106)


class Code(IntEnum):
    """How a request ended."""

    OK, END, NO_SUCH_FILE, DENIED, FAILURE, BAD_MESSAGE = range(6)
    UNSUPPORTED = 8


class Reader:
    """Takes the fields of a packet in order. BadInput when it is too short."""

    def __init__(self, data: bytes) -> None:
        self._data, self._place = data, 0

    def number(self) -> int:
        """32 bits."""
        return int(struct.unpack(">I", self._take(4))[0])

    def long(self) -> int:
        """64 bits."""
        return int(struct.unpack(">Q", self._take(8))[0])

    def data(self) -> bytes:
        """Bytes with their count before them."""
        return self._take(self.number())

    def path(self) -> str:
        """A path of any bytes."""
        return os.fsdecode(self.data())

    def _take(self, count: int) -> bytes:
        if self._place + count > len(self._data):
            raise BadInput("A packet ends too early.")
        self._place += count
        return self._data[self._place - count : self._place]


def read_packet(source: BinaryIO) -> tuple[int, bytes] | None:
    """Kind and content of the next one; None at the end. BadInput for one that is too long."""
    head = source.read(5)
    if len(head) < 5:
        return None
    length = int.from_bytes(head[:4])
    if not 1 <= length <= LONGEST:
        raise BadInput("A packet is too long.")
    body = source.read(length - 1)
    return (head[4], body) if len(body) == length - 1 else None


def write_packet(target: BinaryIO, kind: Kind, content: bytes) -> None:
    """Send one."""
    target.write(struct.pack(">IB", len(content) + 1, kind) + content)
    target.flush()


def text(value: str) -> bytes:
    """A text as a packet holds it."""
    data = os.fsencode(value)
    return struct.pack(">I", len(data)) + data


def attributes(found: os.stat_result) -> bytes:
    """Size, owner, mode and times."""
    size, flags = max(0, found.st_size), 0x1 | 0x2 | 0x4 | 0x8
    owner = (found.st_uid & 0xFFFFFFFF, found.st_gid & 0xFFFFFFFF)
    times = (int(found.st_atime) & 0xFFFFFFFF, int(found.st_mtime) & 0xFFFFFFFF)
    return struct.pack(">IQIIIII", flags, size, *owner, found.st_mode, *times)
