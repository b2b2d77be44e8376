"""The port of an archive node: requests as real clients send them, each with an answer, whatever
happens.

A thread a connection on the standard library's server, because parsers of modern servers reject
the request lines of deployed clients. HTTP/1.0 and one request a connection, as those clients
expect; who says HTTP/1.1 and keep-alive keeps the connection. Source: reference/ngas-http.md,
sections 2 and 18.
"""

from __future__ import annotations

import contextlib
import io
import logging
import socket
import socketserver
import ssl
import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from email.utils import formatdate
from http import HTTPStatus
from typing import BinaryIO

from lagan.hub.doors.node.wire.body import Body, Cut
from lagan.hub.doors.node.wire.requests import Request, understand
from lagan.hub.doors.node.wire.status import VERSION
from lagan.kit.errors import BadInput

_log = logging.getLogger(__name__)

LONGEST_LINE = 65_536
MOST_HEADERS = 100
DRAIN = 1 << 20
"""Bytes of a body that nobody read which are taken and thrown away, so that the client sees the
answer; with more to come the connection is closed under it."""
BUSY = b"HTTP/1.0 503 Service Unavailable\r\n\r\n"
"""What the server whose place the node takes says, byte for byte, when it has enough to do."""


@dataclass(frozen=True, slots=True)
class Answer:
    """A status, header lines, a body: bytes, pieces with their `size` in bytes, or part of an open
    file."""

    status: int
    headers: Sequence[tuple[str, str]] = ()
    content: bytes | Iterable[bytes] = b""
    size: int | None = None
    file: tuple[BinaryIO, int, int] | None = None
    """An open file, where to begin, how many bytes; it is closed after."""
    after: Callable[[], None] | None = field(default=None, compare=False)
    """Called once the answer was sent, or could not be."""


Handle = Callable[[Request, Body, tuple[str, int]], Answer]
"""From a request, its body and the asker's address to an answer. Refusals are answers too."""


class NodeServer(socketserver.TCPServer):
    """Serves `handle` at an address until `shutdown`. Threads are used again, and with them what
    they hold: connections to the database."""

    allow_reuse_address = True
    request_queue_size = 512

    def __init__(
        self,
        address: tuple[str, int],
        handle: Handle,
        *,
        most: int,
        timeout: float,
        failed: Callable[[Exception], Answer],
        tls: ssl.SSLContext | None = None,
    ) -> None:
        """`most` requests at once; a connection on which nothing moves for `timeout` seconds is
        dropped. `failed` turns what `handle` did not expect into an answer."""
        self.handle, self.failed, self.patience, self.tls = handle, failed, timeout, tls
        self._places = threading.BoundedSemaphore(most)
        self._threads = ThreadPoolExecutor(most, "request")
        super().__init__(address, _Connection)

    def process_request(self, request: object, client_address: object) -> None:
        """With a place for it, or a short refusal."""
        if self._places.acquire(blocking=False):
            self._threads.submit(self._process, request, client_address)
        else:
            self._refuse(request)

    def server_close(self) -> None:
        """Let go of the address; what is being answered goes on to its end."""
        super().server_close()
        self._threads.shutdown(wait=False, cancel_futures=True)

    def _process(self, request: object, client_address: object) -> None:
        try:
            self.finish_request(request, client_address)  # type: ignore[arg-type]
        except Exception:  # noqa: BLE001 - one connection is no reason to end
            self.handle_error(request, client_address)
        finally:
            self.shutdown_request(request)  # type: ignore[arg-type]
            self._places.release()

    def _refuse(self, request: object) -> None:
        assert isinstance(request, socket.socket)  # noqa: S101 - for the type
        with contextlib.suppress(OSError):
            request.settimeout(min(self.patience, 1.0))
            request.sendall(BUSY)
        self.shutdown_request(request)

    def handle_error(self, request: object, client_address: object) -> None:
        """A connection that breaks is the client's affair; anything else is ours."""
        _log.exception("connection from %s", client_address)


class _Connection(socketserver.StreamRequestHandler):
    """One client."""

    server: NodeServer
    rbufsize = 1 << 18
    wbufsize = 0

    def setup(self) -> None:
        self.request.settimeout(self.server.patience)
        if self.server.tls is not None:
            self.request = self.server.tls.wrap_socket(self.request, server_side=True)
        with contextlib.suppress(OSError):
            self.request.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, True)
        super().setup()

    def handle(self) -> None:
        try:
            while self._one():
                pass
        except (OSError, Cut) as error:
            _log.info("connection from %s ended: %s", self.client_address, error)

    def _one(self) -> bool:
        """Answer one request; whether the client wants to ask again here."""
        line = self.rfile.readline(LONGEST_LINE + 1)
        if not line.strip():
            return bool(line)
        headers: dict[str, str] = {}
        method, version, body = "GET", "HTTP/1.0", Body(io.BufferedReader(io.BytesIO()), 0)
        try:
            method, target, version = _request_line(line)
            headers = _headers(self.rfile)
            request = understand(method, target, headers)
            chunked = "chunked" in request.headers.get("transfer-encoding", "").lower()
            body = Body(self.rfile, None if chunked else request.size or 0)
            if request.headers.get("expect", "").lower() == "100-continue":
                self.wfile.write(b"HTTP/1.1 100 Continue\r\n\r\n")
            answer = self._answer(request, body)
        except (OSError, Cut):
            raise
        except Exception as error:  # noqa: BLE001 - every request gets an answer
            answer = self.server.failed(error)
        keep = _keeps(version, headers) and body.drain(DRAIN)
        try:
            self._send(answer, bare=method == "HEAD", keep=keep)
        finally:
            if answer.after is not None:
                answer.after()
        if not keep:
            body.drain(DRAIN)
        return keep

    def _answer(self, request: Request, body: Body) -> Answer:
        """An error of the system within a command is answered; only the connection's own is not."""
        try:
            return self.server.handle(request, body, self.client_address)
        except OSError as error:
            return self.server.failed(error)

    def _send(self, answer: Answer, *, bare: bool, keep: bool) -> None:
        size = size_of(answer)
        head = [
            f"HTTP/1.{int(keep)} {answer.status} {_phrase(answer.status)}",
            f"Server: LAGAN/{VERSION}",
            f"Date: {formatdate(usegmt=True)}",
            *(f"{name}: {_one_line(value)}" for name, value in answer.headers),
            f"Content-Length: {size}",
            f"Connection: {'keep-alive' if keep else 'close'}",
        ]
        self.wfile.write("\r\n".join([*head, "", ""]).encode("latin-1", "replace"))
        try:
            if not bare:
                self._send_content(answer)
        finally:
            if answer.file is not None:
                answer.file[0].close()

    def _send_content(self, answer: Answer) -> None:
        if answer.file is not None:
            opened, start, count = answer.file
            if count:
                self.connection.sendfile(opened, start, count)
        elif isinstance(answer.content, bytes):
            self.wfile.write(answer.content)
        else:
            for piece in answer.content:
                self.wfile.write(piece)


def size_of(answer: Answer) -> int:
    """Bytes of its body."""
    if answer.file is not None:
        return answer.file[2]
    if isinstance(answer.content, bytes):
        return len(answer.content)
    assert answer.size is not None, "pieces are announced with their size"  # noqa: S101
    return answer.size


def _request_line(line: bytes) -> tuple[str, str, str]:
    """Method, target, version. Blanks within the target are the client's own."""
    if len(line) > LONGEST_LINE:
        raise BadInput(f"A request line has at most {LONGEST_LINE} bytes.")
    method, _, rest = line.decode("latin-1").strip().partition(" ")
    target, mark, version = rest.rpartition(" ")
    if not mark or not version.startswith("HTTP/"):
        target, version = rest, "HTTP/0.9"
    # Bytes of UTF-8 that a client did not escape are meant as UTF-8.
    raw = target.encode("latin-1")
    return method, raw.decode("utf-8", "replace"), version


def _headers(source: io.BufferedIOBase) -> dict[str, str]:
    found: dict[str, str] = {}
    for _ in range(MOST_HEADERS):
        line = source.readline(LONGEST_LINE + 1)
        if not line.strip():
            return found
        if len(line) > LONGEST_LINE:
            raise BadInput(f"A header has at most {LONGEST_LINE} bytes.")
        name, _, value = line.decode("utf-8", "replace").partition(":")
        found[name.strip().lower()] = value.strip()
    raise BadInput(f"A request has at most {MOST_HEADERS} headers.")


def _keeps(version: str, headers: Mapping[str, str]) -> bool:
    """Only who says HTTP/1.1 and asks for it: deployed clients say 1.1 and wait for the end of the
    connection."""
    return version == "HTTP/1.1" and headers.get("connection", "").lower() == "keep-alive"


def _phrase(status: int) -> str:
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return "Unknown"


def _one_line(value: str) -> str:
    """A header's value cannot hold another header."""
    return value.replace("\r", " ").replace("\n", " ")
