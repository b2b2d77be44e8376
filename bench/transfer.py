"""Clients that send and fetch bytes with as little work of their own as there can be."""

from __future__ import annotations

import os
import socket
import subprocess
import time
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from urllib.parse import urlsplit

BLOCK = 1 << 20
PATIENCE = 120.0  # seconds for one answer


def make_noise(path: Path, size: int) -> Path:
    """A file of `size` random bytes, on the disk and in the page cache."""
    with path.open("wb") as file:
        for start in range(0, size, BLOCK):
            file.write(os.urandom(min(BLOCK, size - start)))
        file.flush()
        os.fsync(file.fileno())
    return path


def upload(source: Path, url: str, *headers: str) -> None:
    """PUT a file with curl; an answer that is not a success ends the benchmark."""
    lines = [word for each in ("Expect:", *headers) for word in ("-H", each)]
    command = ["curl", "-sS", "--fail", "--max-time", "600", "-o", os.devnull]
    subprocess.run([*command, *lines, "-T", str(source), url], check=True)


def timed(*acts: Callable[[], object]) -> float:
    """Seconds until all of these, begun at once, are done. What others left unwritten is written
    first."""
    os.sync()
    with ThreadPoolExecutor(len(acts)) as pool:
        began = time.perf_counter()
        for future in [pool.submit(act) for act in acts]:
            future.result()
        return time.perf_counter() - began


class Connection:
    """One kept-alive connection that sends requests as they are and throws bodies away."""

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        assert parts.hostname
        self._socket = socket.create_connection((parts.hostname, parts.port or 80), PATIENCE)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._view = memoryview(bytearray(BLOCK))

    def close(self) -> None:
        self._socket.close()

    def ask(self, request: bytes, body: Iterable[bytes] = ()) -> tuple[int, int]:
        """Send; the status and the number of bytes of the answer's body."""
        self._socket.sendall(request)
        for piece in body:
            self._socket.sendall(piece)
        got = self._socket.recv_into(self._view)
        while (end := bytes(self._view[:got]).find(b"\r\n\r\n")) < 0:
            more = self._socket.recv_into(self._view[got:])
            assert more, "the connection ended before the answer"
            got += more
        head = bytes(self._view[:end]).lower()
        size = int(head.partition(b"content-length:")[2].split(b"\r\n")[0])
        left = size - (got - end - 4)
        while left:
            got = self._socket.recv_into(self._view)
            assert got, "the answer's body ended early"
            left -= got
        return int(head.split(b" ", 2)[1]), size


def request(method: str, url: str, *headers: str) -> bytes:
    """The head of a request."""
    parts = urlsplit(url)
    lines = [f"{method} {parts.path} HTTP/1.1", f"Host: {parts.netloc}", *headers, "", ""]
    return "\r\n".join(lines).encode()


def ask_all(url: str, heads: Sequence[bytes], *, expect: int, connections: int) -> int:
    """Send requests without bodies on so many connections; bytes of all bodies together."""

    def run(mine: Sequence[bytes]) -> int:
        connection = Connection(url)
        total = 0
        for each in mine:
            status, size = connection.ask(each)
            assert status == expect, status
            total += size
        connection.close()
        return total

    with ThreadPoolExecutor(connections) as pool:
        return sum(pool.map(run, [heads[n::connections] for n in range(connections)]))
