"""The receiving side of scp's own protocol, for one plain file at a time.

Source: OpenSSH's scp.c; there is no other text of it.
"""

from __future__ import annotations

import os
from typing import BinaryIO

from lagan.gate.place import Place
from lagan.gate.wishes import Sink
from lagan.kit.errors import BadPath, LaganError

PIECE = 1 << 18
LONGEST_LINE = 8 << 10
OK, WARNING = b"\0", b"\1"


def receive(place: Place, wish: Sink, source: BinaryIO, target: BinaryIO) -> int:
    """Take what comes; the exit status."""
    _say(target, OK)
    status = 0
    while line := source.readline(LONGEST_LINE):
        if line[:1] == b"T":  # times: what counts is told with the file's announcement
            _say(target, OK)
        elif line[:1] == b"C":
            status |= _take(place, wish, line, source, target)
            if status:
                return status
        elif line[:1] in (WARNING, b"\2"):
            return 1
        else:
            _say(target, b"\2scp: only plain files are taken here\n")
            return 1
    return status


def _take(place: Place, wish: Sink, line: bytes, source: BinaryIO, target: BinaryIO) -> int:
    """One file: `C<mode> <size> <name>`, its bytes, an end mark."""
    try:
        size, name = _header(line)
        descriptor = place.create(_path(place, wish, name))
    except (OSError, LaganError) as refusal:
        _say(target, _sorry(refusal))
        return 1
    try:
        _say(target, OK)
        _copy(source, descriptor, size)
    except OSError as refusal:
        _say(target, _sorry(refusal))
        return 1
    finally:
        os.close(descriptor)
    # Some programs end after the last byte without the mark that ends a file.
    if source.read(1) not in (OK, b""):
        return 1
    _say(target, OK)
    return 0


def _header(line: bytes) -> tuple[int, str]:
    words = line.rstrip(b"\n").split(b" ", 2)
    if len(words) != 3 or not words[1].isdigit() or len(words[1]) > 18 or b"/" in words[2]:
        raise BadPath("This is no name of a file.", reason="name")
    return int(words[1]), os.fsdecode(words[2])


def _path(place: Place, wish: Sink, name: str) -> str:
    if place.is_folder(wish.path):
        return f"{wish.path.rstrip('/')}/{name}"
    if wish.folder:
        raise NotADirectoryError(20, "Not a directory")
    return wish.path


def _copy(source: BinaryIO, descriptor: int, size: int) -> None:
    """Exactly so many bytes; OSError when they end before."""
    left = size
    while left:
        piece = source.read(min(left, PIECE))
        if not piece:
            raise OSError(5, "The file ended early")
        rest = memoryview(piece)
        while rest:
            rest = rest[os.write(descriptor, rest) :]
        left -= len(piece)


def _sorry(refusal: OSError | LaganError) -> bytes:
    words = refusal.sentence if isinstance(refusal, LaganError) else os.strerror(refusal.errno or 5)
    return f"\1scp: {words}\n".encode("utf-8", "replace")


def _say(target: BinaryIO, data: bytes) -> None:
    target.write(data)
    target.flush()
