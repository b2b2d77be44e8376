"""What a second process does for the conformance checks: it appends, is killed, stores much.

`python -m lagan.store.accomplice ACT LOCATION ...`
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from pathlib import Path

from lagan.kit.digests import digests_of
from lagan.store.opening import open_volume

PIECE = 1 << 20


def patterned(size: int) -> Iterator[bytes]:
    """`size` bytes whose every MiB differs from every other, made as they are asked for."""
    for start in range(0, size, PIECE):
        count = min(PIECE, size - start)
        yield (b"%015d\n" % start * (PIECE // 16))[:count]


def lines(writer: str, count: int) -> Iterator[bytes]:
    """What one process appends: lines of differing length that name their writer."""
    for number in range(count):
        yield b"%b %d %b\n" % (writer.encode(), number, b"x" * (number * 37 % 3000))


def _append(location: str, name: str, writer: str, count: str) -> None:
    volume = open_volume(location)
    for line in lines(writer, int(count)):
        volume.append(name, line)


def _receive(location: str, key: str, safe: str, more: str) -> None:
    """Checkpoint `safe` bytes, write `more`, say so, and wait to be killed."""
    incoming = open_volume(location).receive(key)
    for piece in patterned(int(safe)):
        incoming.write([piece])
    incoming.checkpoint()
    incoming.write([bytes(int(more))])
    sys.stdout.write("waiting\n")
    sys.stdout.flush()
    sys.stdin.read()


def _big(location: str, name: str, size: str) -> None:
    """Store and read back one large object; print by how many KiB the process grew at most."""
    volume = open_volume(location)
    before = _memory("VmRSS")
    incoming = volume.receive(name.replace("/", "-"))
    try:
        for piece in patterned(int(size)):
            incoming.write([piece])
        volume.publish([(incoming, name)])
    except BaseException:
        incoming.discard()
        raise
    if not digests_of(volume.read(name)).agrees_with(incoming.digests()):
        raise SystemExit("the large object came back changed")
    sys.stdout.write(f"{_memory('VmHWM') - before}\n")


def _memory(field: str) -> int:
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith(field + ":"):
            return int(line.split()[1])
    raise SystemExit(f"the kernel does not tell {field}")


_ACTS: dict[str, Callable[..., None]] = {"append": _append, "receive": _receive, "big": _big}

if __name__ == "__main__":
    _ACTS[sys.argv[1]](*sys.argv[2:])
