"""A bare server of the standard library that keeps the same promises as an archive node: the peer
of P2.

A thread a connection, a file a request: bytes to a temporary name with CRC-32C on the way, flush,
rename, flush of the folder, a row in SQLite committed durably, and only then the answer.
`python -m bench.bare PORT FOLDER`.
"""

from __future__ import annotations

import os
import sqlite3
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

from crc32c import crc32c

BLOCK = 1 << 20


class Archive:
    """Files in a folder, and their rows."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._rows = sqlite3.connect(folder / "rows.sqlite", check_same_thread=False)
        self._rows.execute("PRAGMA journal_mode=WAL")
        self._rows.execute("PRAGMA synchronous=FULL")
        self._rows.execute("CREATE TABLE files (name TEXT PRIMARY KEY, size INT, crc32c INT)")
        self._guard = threading.Lock()

    def add(self, name: str, size: int, checksum: int) -> None:
        """A row, on stable storage when this returns."""
        with self._guard:
            self._rows.execute("INSERT INTO files VALUES (?, ?, ?)", (name, size, checksum))
            self._rows.commit()


class Handler(BaseHTTPRequestHandler):
    """One client."""

    protocol_version = "HTTP/1.1"
    rbufsize = 1 << 18
    archive: Archive

    def do_PUT(self) -> None:  # noqa: N802 - the name is the standard library's
        name = parse_qs(urlsplit(self.path).query)["filename"][0]
        size = int(self.headers["Content-Length"])
        checksum = self._receive(name, size)
        self.archive.add(name, size, checksum)
        said = str(checksum).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(said)))
        self.end_headers()
        self.wfile.write(said)

    do_POST = do_PUT  # noqa: N815 - likewise

    def _receive(self, name: str, size: int) -> int:
        folder, checksum, left = self.archive.folder, 0, size
        temporary = folder / f".{name}"
        with temporary.open("wb", buffering=0) as file:
            while left:
                piece = self.rfile.read1(min(left, BLOCK))
                checksum = crc32c(piece, checksum)
                file.write(piece)
                left -= len(piece)
            os.fsync(file.fileno())
        temporary.rename(folder / name)
        flush = os.open(folder, os.O_RDONLY)
        os.fsync(flush)
        os.close(flush)
        return checksum

    def log_message(self, format: str, *args: object) -> None:
        """Nothing: the node says no line a request either."""


class Server(ThreadingHTTPServer):
    request_queue_size = 512
    daemon_threads = True


def main(port: str, folder: str) -> None:
    Handler.archive = Archive(Path(folder))
    Server(("127.0.0.1", int(port)), Handler).serve_forever()


if __name__ == "__main__":
    main(*sys.argv[1:])
