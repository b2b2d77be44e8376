"""Has a preview drawn by a confined process of its own: gives it ranges of the file, takes what it
draws, ends it when its time is over."""

from __future__ import annotations

import json
import logging
import os
import socket
import subprocess
import sys
import time
from collections.abc import Sequence

from lagan.hub.access.previews import wire
from lagan.hub.access.previews.blocks import Drawn
from lagan.hub.access.previews.request import THUMB, Asked
from lagan.hub.access.reading import read
from lagan.hub.archive.queries import Location
from lagan.kit.errors import LaganError

PATIENCE = 25.0
"""Seconds that a preview may take; a small picture has a third of it."""
MOST_READ = 1 << 30
"""Bytes of the file that a preview may read."""
_PROGRAM = "lagan.hub.access.previews.child"
_ENVIRONMENT = {
    # A library that starts a thread a core would use up the memory that it may map.
    **{"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1", "LANG": "C.UTF-8"},
    **{"HOME": "/nonexistent", "XDG_CONFIG_HOME": "/nonexistent", "XDG_CACHE_HOME": "/nonexistent"},
}
_log = logging.getLogger(__name__)


def draw(asked: Asked, locations: Sequence[Location]) -> tuple[Drawn, bool]:
    """The preview, and whether it would be the same another time: what a file's content decides
    is, time running out is not. Never raises for what is in the file: such a preview has a note."""
    ours, theirs = socket.socketpair()
    with ours:
        with theirs:
            child = _start(theirs)
        try:
            return _converse(ours, asked, locations)
        except TimeoutError:
            return _without("too-slow"), False
        except (OSError, ValueError) as error:
            _log.info("preview of %s given up: %s", asked.name, error)
            return _without("unreadable"), False
        finally:
            child.kill()
            child.wait()


def _start(line: socket.socket) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, "-s", "-m", _PROGRAM],
        stdin=line.fileno(),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        env={**_ENVIRONMENT, "PATH": os.environ.get("PATH", "/usr/bin:/bin")},
        cwd="/",
    )


def _converse(
    line: socket.socket, asked: Asked, locations: Sequence[Location]
) -> tuple[Drawn, bool]:
    ends = time.monotonic() + (PATIENCE / 3 if asked.view == THUMB else PATIENCE)
    request = asked.encode()
    line.sendall(wire.ANSWER.pack(True, len(request)) + request)
    pictures: list[bytes] = []
    left, drawn_bytes = MOST_READ, 0
    while True:
        line.settimeout(max(0.01, ends - time.monotonic()))
        kind, offset, length = wire.HEADER.unpack(wire.receive(line, wire.HEADER.size))
        if kind == wire.WANT:
            left -= length
            _give(line, asked, locations, offset, length if left >= 0 else 0)
        elif kind == wire.PICTURE:
            drawn_bytes += length
            if drawn_bytes > wire.LARGEST_PICTURE:
                raise ValueError("pictures too large")
            pictures.append(wire.receive(line, length))
        elif kind in (wire.DONE, wire.FAILED) and length <= wire.LARGEST_BLOCKS:
            return _ended(kind, json.loads(wire.receive(line, length)), pictures)
        else:
            raise ValueError("not what a drawing process says")


def _give(
    line: socket.socket, asked: Asked, locations: Sequence[Location], start: int, length: int
) -> None:
    """A range of the file; nothing when it cannot be read, or enough was."""
    if not 0 < length <= asked.size - start:
        line.sendall(wire.ANSWER.pack(False, 0))
        return
    try:
        pieces = [bytes(piece) for piece in read(locations, start, start + length)]
    except LaganError:
        line.sendall(wire.ANSWER.pack(False, 0))
        return
    line.sendall(wire.ANSWER.pack(True, length))
    for piece in pieces:
        line.sendall(piece)


def _ended(kind: bytes, told: dict[str, object], pictures: list[bytes]) -> tuple[Drawn, bool]:
    if kind == wire.FAILED:
        code, facts = str(told["code"]), told["facts"]
        drawn = _without(code)
        drawn.blocks[0]["facts"] = facts
        return drawn, code != "out-of-reach"
    return Drawn(**told, pictures=pictures), True  # type: ignore[arg-type]


def _without(code: str) -> Drawn:
    drawn = Drawn(kind="none")
    drawn.note(code)
    return drawn
