"""Other nodes are asked as any client asks them, with patience that ends.

Verbs: `fetch` gives a `PeerAnswer`, whose body is streamed; `answers` says whether a node is there.
The user `ngas-int` of the configuration is shown to nodes of the own cluster and to nobody else.
Source: reference/ngas-http.md sections 6 and 9.
"""

from __future__ import annotations

import http.client
import ssl
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from types import TracebackType
from typing import TYPE_CHECKING, BinaryIO
from urllib.parse import urlencode

from lagan.hub.base import locks
from lagan.hub.doors.node.cluster.hosts import address, host
from lagan.hub.doors.node.config import xml
from lagan.hub.doors.node.models import Host
from lagan.hub.doors.node.wire import authorization
from lagan.hub.doors.node.wire.messages import FILE_AVAIL
from lagan.hub.doors.node.wire.status import SUCCESS
from lagan.kit.errors import BadInput, Unavailable

if TYPE_CHECKING:
    from lagan.hub.doors.node.node import ArchiveNode

__all__ = [
    "PeerAnswer",
    "answers",
    "fetch",
    "has_file",
    "host",
    "internal_authorization",
    "is_online",
    "was_away",
]

CONNECT = 3.5
"""Seconds for a connection: a node that needs longer, with two packets lost, is down."""
TIMEOUT = 60.0
PIECE = 1 << 20
LARGEST_DOCUMENT = xml.LARGEST
REMEMBERED = 2.0
"""Seconds for which `answers` believes what it saw."""

Body = bytes | Iterable[bytes] | BinaryIO


class PeerAnswer:
    """What a node answered. Read the body once, by `pieces`, `read` or `document`; then it is
    closed."""

    def __init__(self, raw: http.client.HTTPResponse, close: Callable[[], None], who: str) -> None:
        self._raw, self._close, self.who = raw, close, who
        self.status = raw.status
        self.headers: Mapping[str, str] = {name.lower(): v for name, v in raw.getheaders()}
        self.size = raw.length
        """Announced bytes of the body; None when nobody said."""
        self._document: xml.Element | None = None
        self._parsed = False

    def pieces(self) -> Iterator[bytes]:
        """The body as it comes. Unavailable when it ends before it should."""
        try:
            while True:
                left = self._raw.length
                piece = self._raw.read1(PIECE) if left is None else self._raw.read(min(left, PIECE))
                if not piece:
                    break
                yield piece
            if self._raw.length:
                raise Unavailable(f"{self.who} ended {self._raw.length} bytes too early.")
        except (OSError, http.client.HTTPException, ValueError) as error:
            raise Unavailable(f"{self.who} broke off: {error}.") from None
        finally:
            self.close()

    def read(self, most: int = LARGEST_DOCUMENT) -> bytes:
        """The whole body, at most so many bytes. Unavailable."""
        found = bytearray()
        for piece in self.pieces():
            found += piece
            if len(found) > most:
                raise Unavailable(f"{self.who} answered with more than {most} bytes.")
        return bytes(found)

    @property
    def document(self) -> xml.Element | None:
        """The status document that the answer is; None when it is none."""
        if not self._parsed:
            self._parsed = True
            with suppress(BadInput):
                content = self.read()
                self._document = xml.read(content) if b"<?xml" in content[:200] else None
        return self._document

    @property
    def said(self) -> Mapping[str, str]:
        """The attributes of its `Status`."""
        found = self.document.first("Status") if self.document is not None else None
        return found.attributes if found is not None else {}

    @property
    def message(self) -> str:
        """Its Message."""
        return self.said.get("Message", "")

    @property
    def succeeded(self) -> bool:
        """200, and not a FAILURE in words."""
        return self.status == 200 and self.said.get("Status", SUCCESS) == SUCCESS

    def close(self) -> None:
        """Let go of the connection, read or not."""
        self._close()

    def __enter__(self) -> PeerAnswer:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()


def fetch(
    node: ArchiveNode,
    target: str | Host,
    command: str,
    parameters: Mapping[str, object] | None = None,
    *,
    body: Body | None = None,
    headers: Mapping[str, str] | None = None,
    timeout: float = TIMEOUT,
    method: str = "",
    internal: bool = True,
) -> PeerAnswer:
    """Ask a node: one of the cluster by its row, id or address, or any `<host>:<port>` that the
    configuration names.

    `timeout` is seconds without a byte. A `body` that is no bytes needs its Content-Length among
    the headers. GET without a body and POST with one, unless `method` says otherwise. Redirects
    are answers. `internal` off: `target` is no node of the cluster, whatever it is called.
    Unavailable when nobody answers.
    """
    row = target if isinstance(target, Host) else host(target) if internal else None
    where = address(row) if row is not None else str(target)
    sent = {"Accept-Encoding": "identity", **(headers or {})}
    if row is not None and (secret := internal_authorization(node)):
        sent.setdefault("Authorization", secret)
    query = f"?{urlencode(dict(parameters))}" if parameters else ""
    verb = method or ("GET" if body is None else "POST")
    # Whoever waits for another node holds no connection to the database meanwhile.
    locks.let_go()
    try:
        connection = _connect(node, where, timeout)
    except (OSError, ValueError) as error:
        raise Unavailable(f"{where} cannot be reached: {error}.", host=where) from None
    try:
        connection.request(verb, f"/{command}{query}", body, sent)
        raw = connection.getresponse()
    except (OSError, http.client.HTTPException, ValueError) as error:
        connection.close()
        raise Unavailable(f"{where} does not answer: {error}.", host=where) from None
    except BaseException:
        connection.close()
        raise

    def close() -> None:
        raw.close()
        connection.close()

    return PeerAnswer(raw, close, where)


def internal_authorization(node: ArchiveNode) -> str:
    """What is shown to nodes of the own cluster; empty without the user `ngas-int`."""
    return authorization.internal(node.config.authorization) or ""


def answers(node: ArchiveNode, row: Host) -> bool:
    """Whether a node of the cluster is there and ONLINE; that it was a moment ago is believed."""
    if _seen_lately(row):
        return True
    there = is_online(node, row)
    with _guard:
        _seen[address(row)] = (time.monotonic(), there)
    return there


def was_away(row: Host) -> bool:
    """Whether it did not answer a moment ago: who has a choice asks another first."""
    return _seen_lately(row) is False


def _seen_lately(row: Host) -> bool | None:
    with _guard:
        seen = _seen.get(address(row))
    if seen is None or time.monotonic() - seen[0] > REMEMBERED:
        return None
    return seen[1]


def has_file(node: ArchiveNode, row: Host, file_id: str, version: int) -> bool:
    """Whether a node of the cluster says that it can give a file."""
    which = {"file_access": file_id, "file_version": version}
    try:
        with fetch(node, row, "STATUS", which, timeout=CONNECT) as answer:
            return FILE_AVAIL.name in answer.message
    except Unavailable:
        return False


_guard = threading.Lock()
_seen: dict[str, tuple[float, bool]] = {}


def is_online(node: ArchiveNode, row: Host) -> bool:
    """As `answers`, asked now."""
    try:
        with fetch(node, row, "STATUS", timeout=CONNECT) as answer:
            # A node that asks for a user whom we are not is there all the same.
            return answer.status == 401 or answer.said.get("State") == "ONLINE"
    except Unavailable:
        return False


def _connect(node: ArchiveNode, where: str, timeout: float) -> http.client.HTTPConnection:
    name, _, port = where.rpartition(":")
    number = int(port) if name else 7777
    context = _tls(node)
    connection: http.client.HTTPConnection
    if context is None:
        connection = http.client.HTTPConnection(name or where, number, timeout=CONNECT)
    else:
        connection = http.client.HTTPSConnection(
            name or where, number, timeout=CONNECT, context=context
        )
    connection.connect()
    assert connection.sock is not None  # noqa: S101 - for the type
    connection.sock.settimeout(timeout)
    return connection


def _tls(node: ArchiveNode) -> ssl.SSLContext | None:
    """Nodes of a cluster speak alike: with a certificate all of them do, and it may be their
    own."""
    certificate = node.options.certificate
    if certificate is None:
        return None
    context = ssl.create_default_context()
    context.load_verify_locations(certificate)
    return context
