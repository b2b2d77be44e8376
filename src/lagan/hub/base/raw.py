"""The raw side of HTTP: one ASGI exchange whose body is streamed, for the data path that runs in
front of Django."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, MutableMapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any, ParamSpec, TypeVar
from urllib.parse import parse_qs, unquote_to_bytes
from uuid import uuid4

from django.db import close_old_connections

from lagan.hub.base.problems import problem, refusal
from lagan.kit.errors import BadInput, LaganError

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
P = ParamSpec("P")
T = TypeVar("T")

BLOCK = 1 << 20
"""Bytes handed to a thread at once: fewer costs hand-overs, 4 MiB and more leaves the cache
(measured)."""

_POOL = ThreadPoolExecutor(16, thread_name_prefix="data-path")
_log = logging.getLogger(__name__)


class Disconnected(Exception):
    """The other side went away in the middle of its body."""


async def in_thread(act: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """Run blocking work in the data path's threads; database connections it uses are kept fresh."""
    return await asyncio.get_running_loop().run_in_executor(
        _POOL, lambda: _fresh(act, *args, **kwargs)
    )


def _fresh(act: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    close_old_connections()
    try:
        return act(*args, **kwargs)
    finally:
        close_old_connections()


class Exchange:
    """One request and its answer."""

    def __init__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self.method: str = scope["method"]
        self.path = _decoded(scope)
        self.secure: bool = scope.get("scheme") == "https"
        self.extensions: MutableMapping[str, Any] = scope.get("extensions") or {}
        self.client: str = (scope.get("client") or ("",))[0]
        """The address that the request came from, as the server saw it."""
        self.answered = False
        self._headers = {
            name.decode("latin-1").lower(): value.decode("latin-1")
            for name, value in scope["headers"]
        }
        self._receive, self._send = receive, send
        self._ended = False
        self._query: bytes = scope.get("query_string") or b""

    def query(self, name: str, errors: str = "replace") -> str | None:
        """The first value of a parameter of the address, or None; `errors` says what becomes of
        bytes that are no UTF-8."""
        words = self._query.decode("latin-1")
        found = parse_qs(words, keep_blank_values=True, max_num_fields=50, errors=errors)
        return found[name][0] if name in found else None

    def parameters(self) -> dict[str, str]:
        """The first value of every parameter of the address, at most 100. BadInput for more."""
        try:
            found = parse_qs(
                self._query.decode("latin-1"), keep_blank_values=True, max_num_fields=100
            )
        except ValueError:
            raise BadInput("An address has at most 100 parameters.") from None
        return {name: values[0] for name, values in found.items()}

    def header(self, name: str) -> str | None:
        """A request header, or None."""
        return self._headers.get(name.lower())

    async def pieces(self) -> AsyncIterator[list[bytes]]:
        """The body in lists of pieces of about `BLOCK` bytes together. Disconnected when it ends
        too early."""
        gathered: list[bytes] = []
        size = 0
        while not self._ended:
            message = await self._receive()
            if message["type"] == "http.disconnect":
                raise Disconnected
            piece = message.get("body", b"")
            self._ended = not message.get("more_body", False)
            if piece:
                gathered.append(piece)
                size += len(piece)
            if size >= BLOCK:
                yield gathered
                gathered, size = [], 0
        if gathered:
            yield gathered

    async def gone(self) -> None:
        """Return when the other side goes away; for a request whose body was read, and that waits
        for something before it is answered."""
        while (await self._receive())["type"] != "http.disconnect":
            pass

    async def start(self, status: int, headers: Iterable[tuple[str, str]]) -> None:
        """Send the status line and headers; a body follows by `write` and `end`."""
        self.answered = True
        lines = [
            (name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in headers
        ]
        await self._send({"type": "http.response.start", "status": status, "headers": lines})

    async def write(self, piece: bytes) -> None:
        """Send a piece of the body."""
        await self._send({"type": "http.response.body", "body": piece, "more_body": True})

    async def end(self, piece: bytes = b"") -> None:
        """Send the last piece."""
        await self._send({"type": "http.response.body", "body": piece, "more_body": False})

    async def send_path(self, path: str) -> None:
        """Let the server send a whole file; only where `extensions` offers
        `http.response.pathsend`."""
        await self._send({"type": "http.response.pathsend", "path": path})

    async def reply(
        self,
        status: int,
        headers: Iterable[tuple[str, str]] = (),
        body: bytes = b"",
        kind: str | None = None,
    ) -> None:
        """A whole answer at once."""
        lines = [*headers, ("Content-Length", str(len(body)))] if status != 204 else list(headers)
        if kind:
            lines.append(("Content-Type", kind))
        await self.start(status, lines)
        await self.end(body)

    async def reply_json(
        self, status: int, value: Any, headers: Iterable[tuple[str, str]] = ()
    ) -> None:
        """A JSON answer."""
        await self.reply(status, headers, json.dumps(value).encode(), "application/json")

    async def refuse(self, error: LaganError, headers: Iterable[tuple[str, str]] = ()) -> None:
        """The refusal as a problem document (RFC 9457)."""
        # What is left of the body is not read: the connection cannot be used again.
        extra = [*headers] if self._ended else [*headers, ("Connection", "close")]
        if error.status == 401 and not any(name == "WWW-Authenticate" for name, _ in extra):
            extra.append(("WWW-Authenticate", 'Bearer realm="lagan"'))
        await self.reply(
            error.status,
            extra,
            json.dumps(problem(error), default=str).encode(),
            "application/problem+json",
        )


Handler = Callable[[Exchange], Awaitable[None]]


async def answer(exchange: Exchange, handle: Handler) -> None:
    """Run a handler; refusals become problems, surprises a 500 with an incident id and a log
    entry."""
    try:
        await handle(exchange)
    except Disconnected:
        _log.info("client went away: %s %s", exchange.method, exchange.path)
    except LaganError as error:
        if not exchange.answered:
            await exchange.refuse(error)
        else:
            raise
    except Exception as error:
        incident = uuid4().hex
        _log.exception("incident %s: %s %s", incident, exchange.method, exchange.path)
        if exchange.answered:
            raise
        problem = refusal(error) or LaganError(
            f"Something went wrong here; it is logged as incident {incident}.", incident=incident
        )
        await exchange.refuse(problem)


def _decoded(scope: Scope) -> str:
    """The path with its escapes resolved. Bytes that are not UTF-8 stay as surrogates, so that the
    handler refuses the name for what it is."""
    raw = scope.get("raw_path") or scope["path"].encode()
    return unquote_to_bytes(raw.split(b"?")[0]).decode("utf-8", "surrogateescape")
