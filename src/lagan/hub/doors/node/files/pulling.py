"""A file is taken from where a request says it is: an address, or an allowed place on this host.

Verbs: `source_of` opens a `Source`, whose size is known before its bytes are read. A connection
that breaks off is taken up again where it ended, when the other side can. Hosts are those of
`Lagan.Targets`, also where an answer points elsewhere. Source: reference/ngas-http.md sections 2,
4.1 and 4.2.
"""

from __future__ import annotations

import http.client
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from email.message import Message
from typing import IO, TYPE_CHECKING, BinaryIO, Protocol
from urllib.parse import unquote, urlsplit

from lagan.hub.doors.node.cluster.targets import require_target
from lagan.hub.doors.node.files import places
from lagan.hub.doors.node.wire.body import Body
from lagan.hub.doors.node.wire.reply import Failed
from lagan.kit.digests import Buffer

if TYPE_CHECKING:
    from lagan.hub.doors.node.node import ArchiveNode

PIECE = 1 << 20
TIMEOUT = 60.0
"""Seconds without a byte from another server."""
TRIES = 5
"""Connections for one file."""
_SCHEMES = ("http", "https", "ftp")


class Answered(Protocol):
    """What a server sent."""

    headers: Message

    def read(self, most: int, /) -> bytes:
        """The next bytes; none at the end."""

    def close(self) -> None:
        """Let go of the connection."""


@dataclass(frozen=True, slots=True)
class Source:
    """Bytes that are there to be read once; `size` None when nobody said how many."""

    pieces: Iterator[Buffer]
    size: int | None
    remove: Callable[[], bool] = lambda: False
    """Removes the file that they came from, where it is one of this host."""


def pushed(body: Body) -> Source:
    """The body of a request. Failed (411) when there is none."""
    if body.size == 0:
        raise Failed("Content-Length is 0 or unknown", 411)
    return Source(body.lent(), body.size)


@contextmanager
def source_of(node: ArchiveNode, uri: str) -> Iterator[Source]:
    """What lies at a URI. Failed when it may not be asked for, or cannot be read."""
    if not is_local(uri):
        with _Fetch(uri, node.config.own.targets) as fetch:
            yield Source(fetch.pieces(), fetch.size)
        return
    with places.opened(node, local_path(uri)) as (opened, remove):
        yield Source(_read(opened), _size(opened), remove)


def is_local(uri: str) -> bool:
    """Whether a URI is of a file of this host."""
    return uri.partition("://")[0].lower() not in _SCHEMES


def local_path(uri: str) -> str:
    """The path of a `file:` URI, or a path as it is. Failed for a scheme that is not known."""
    if uri.startswith("file:"):
        parts = urlsplit(uri)
        if parts.netloc not in ("", "localhost"):
            raise Failed(f"{uri[:300]} is on another host.")
        return unquote(parts.path)
    if "://" in uri:
        raise Failed(f"Files are not taken by {uri.partition(':')[0][:40]}.")
    return uri


def _size(opened: IO[bytes]) -> int:
    end = opened.seek(0, 2)
    opened.seek(0)
    return end


def _read(opened: BinaryIO) -> Iterator[bytes]:
    while piece := opened.read(PIECE):
        yield piece


class _Fetch:
    """A file of another server, read once."""

    def __init__(self, url: str, hosts: tuple[str, ...]) -> None:
        """Asks; Failed when the server does not give it."""
        self.url = url
        self._opener = _opener(lambda to: require_target(to, hosts, _SCHEMES))
        require_target(url, hosts, _SCHEMES)
        self._response = self._open({})
        length = str(self._response.headers.get("Content-Length", ""))
        self.size = int(length) if length.isascii() and length.isdecimal() else None

    def __enter__(self) -> _Fetch:
        return self

    def __exit__(self, *_: object) -> None:
        with suppress(OSError):
            self._response.close()

    def pieces(self) -> Iterator[bytes]:
        """The bytes, over as many connections as it takes. Failed when they end too early."""
        got = 0
        for _ in range(TRIES):
            began = got
            for piece in self._rest():
                got += len(piece)
                yield piece
            if self.size is None or got >= self.size:
                return
            if got == began or not self._resume(got):
                break
        raise Failed(f"Only read {got} out of {self.size} bytes of {bare(self.url)}")

    def _rest(self) -> Iterator[bytes]:
        """What this connection gives until it ends or breaks."""
        while True:
            try:
                piece = self._response.read(PIECE)
            except http.client.IncompleteRead as error:
                piece = error.partial
            except (OSError, http.client.HTTPException, ValueError):
                return
            if not piece:
                return
            yield piece

    def _resume(self, at: int) -> bool:
        """Ask for the rest; whether the server gives exactly that."""
        self._response.close()
        self._response = self._open({"Range": f"bytes={at}-"})
        said = str(self._response.headers.get("Content-Range", "")).lower()
        return said.replace("bytes=", "bytes ").startswith(f"bytes {at}-")

    def _open(self, headers: Mapping[str, str]) -> Answered:
        request = urllib.request.Request(self.url, headers=dict(headers))  # noqa: S310 - checked
        try:
            found: Answered = self._opener.open(request, timeout=TIMEOUT)
        except (OSError, http.client.HTTPException, ValueError) as error:
            raise Failed(f"{bare(self.url)} cannot be fetched: {_reason(error)}") from None
        return found


def bare(url: str) -> str:
    """An address without a password, to be shown."""
    head, mark, rest = url.partition("://")
    authority, slash, path = rest.partition("/")
    return f"{head}{mark}{authority.rpartition('@')[2]}{slash}{path}"[:300]


def _reason(error: Exception) -> str:
    if isinstance(error, urllib.error.HTTPError):
        return f"it answered {error.code}."
    reason = error.reason if isinstance(error, urllib.error.URLError) else error
    return f"{reason}."


class _Careful(urllib.request.HTTPRedirectHandler):
    """Goes only where the first address could have led."""

    def __init__(self, check: Callable[[str], None]) -> None:
        self._check = check

    def redirect_request(
        self,
        req: urllib.request.Request,
        fp: IO[bytes],
        code: int,
        msg: str,
        headers: http.client.HTTPMessage,
        newurl: str,
    ) -> urllib.request.Request | None:
        """The request to the place that an answer points to. Failed."""
        self._check(newurl)
        return super().redirect_request(req, fp, code, msg, headers, newurl)


def _opener(check: Callable[[str], None]) -> urllib.request.OpenerDirector:
    """Speaks the schemes that are known here and no other: neither `file:` nor a proxy's."""
    opener = urllib.request.OpenerDirector()
    for handler in (
        urllib.request.HTTPHandler(),
        urllib.request.HTTPSHandler(),
        urllib.request.FTPHandler(),
        urllib.request.HTTPDefaultErrorHandler(),
        urllib.request.HTTPErrorProcessor(),
        _Careful(check),
    ):
        opener.add_handler(handler)
    return opener
