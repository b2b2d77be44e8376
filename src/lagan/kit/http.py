"""HTTP to one server: pooled, patient where that is safe, and a refusal comes back as the
LaganError it was."""

from __future__ import annotations

import gzip
import json as _json
import random
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from types import TracebackType
from typing import Any
from urllib.parse import quote, unquote, urlencode, urlsplit

import urllib3
from urllib3.exceptions import HTTPError, SSLError

from lagan.kit.errors import (
    BadInput,
    Conflict,
    DigestMismatch,
    Forbidden,
    LaganError,
    Locked,
    NoSpace,
    NotFound,
    NotSignedIn,
    TooLarge,
    Unavailable,
)

TRANSIENT = frozenset({429, 502, 503, 504})
"""Statuses that say "not now": the only ones that a safe request is repeated for."""
SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
LONGEST_PAUSE = 20.0
"""Seconds; a server that asks for a longer pause is tried again after this one."""
LONGEST_REFUSAL = 64 << 10
"""Bytes of a refusal's body that are read; what is longer is no problem document."""

_BY_STATUS: dict[int, type[LaganError]] = {
    400: BadInput, 401: NotSignedIn, 403: Forbidden, 404: NotFound, 405: BadInput, 409: Conflict,
    410: NotFound, 412: Conflict, 413: TooLarge, 415: BadInput, 422: BadInput, 423: Locked,
    429: Unavailable, 460: DigestMismatch, 502: Unavailable, 503: Unavailable, 504: Unavailable,
    507: NoSpace,
}  # fmt: skip


class Untrusted(LaganError):
    """The server's certificate is not one that we trust; asking again will not change that."""

    code, status, exit = "untrusted", 502, 14


@dataclass(frozen=True, slots=True)
class Tls:
    """How the server proves itself, and we ourselves: paths of PEM files. `verify` off is for
    tests of a network."""

    verify: bool = True
    ca_file: str | None = None
    certificate: str | None = None
    key: str | None = None


class Answer:
    """A server's answer that was not a refusal. Read it once, by one of the methods, or close
    it."""

    def __init__(self, raw: urllib3.BaseHTTPResponse) -> None:
        self._raw = raw
        self.status = raw.status
        self.headers: Mapping[str, str] = raw.headers

    def __enter__(self) -> Answer:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if kind is None:
            self.close()
        else:
            self._raw.close()

    def json(self) -> Any:
        """The whole body as JSON; Unavailable when it is none (a proxy's page, a cut
        connection)."""
        try:
            return _json.loads(self._raw.read() or b"null")
        except (HTTPError, ValueError) as error:
            raise Unavailable(f"The answer could not be read: {_brief(error)}.") from None
        finally:
            self._raw.release_conn()

    def lines(self) -> Iterator[Any]:
        """One JSON value a line, as they arrive. Unavailable when the connection ends within a
        line."""
        rest = b""
        for piece in self.pieces(64 << 10):
            *whole, rest = (rest + piece).split(b"\n")
            yield from (_line(line) for line in whole if line.strip())
        if rest.strip():
            yield _line(rest)

    def pieces(self, size: int = 1 << 20) -> Iterator[bytes]:
        """The body in pieces of at most `size` bytes."""
        try:
            yield from self._raw.stream(size)
        except HTTPError as error:
            raise Unavailable(f"The connection was lost: {_brief(error)}.") from None

    def close(self) -> None:
        """Read what is left and give the connection back."""
        try:
            self._raw.drain_conn()
        finally:
            self._raw.release_conn()


class Http:
    """Requests to the server at `base` (scheme, host and an optional path). Threads may share one.

    `authorization` is asked before every request for the header's value; it never appears in an
    error. `timeout` is seconds for connecting and between bytes of an answer. Redirects are
    refusals,
    so that a credential goes to no other host. `proxy` is the address of one, with a name and a
    password in it when it asks for them.
    """

    def __init__(
        self,
        base: str,
        *,
        authorization: Callable[[], str | None] = lambda: None,
        timeout: float = 10.0,
        retries: int = 3,
        connections: int = 10,
        tls: Tls | None = None,
        sleep: Callable[[float], object] = time.sleep,
        proxy: str | None = None,
    ) -> None:
        parts = urlsplit(base)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise BadInput("The hub's address must look like https://hub.example.org.")
        self.base = _bare(base).rstrip("/")
        self._authorization = authorization
        self._timeout, self._retries, self.sleep = timeout, retries, sleep
        options = {"maxsize": connections, "block": False, "retries": False}
        self._pool = _pool(proxy, {**options, **_tls_options(tls or Tls())})

    def request(
        self,
        method: str,
        path: str,
        *,
        query: Mapping[str, Any] | None = None,
        json: Any = None,
        packed: bool = False,
        body: bytes | Iterable[bytes] | None = None,
        length: int | None = None,
        headers: Mapping[str, str] | None = None,
        repeat: bool | None = None,
        patience: float | None = None,
        anonymous: bool = False,
    ) -> Answer:
        """Ask; raise the LaganError that the answer was, or Unavailable when there was none.

        `json` is sent as JSON (`packed`: gzipped); `body` as it is, an iterable with `length`
        bytes in
        all, or chunked when `length` is None. `repeat` says that asking twice does no harm
        (default:
        only for GET, HEAD and OPTIONS); a body that is an iterator is never sent twice. `patience`
        replaces the timeout for bytes that take their time.
        """
        url = f"{self.base}/{path.lstrip('/')}" + (
            f"?{urlencode(query, doseq=True)}" if query else ""
        )
        sent = {
            "Accept": "application/json, application/problem+json;q=0.9, */*;q=0.1",
            **(headers or {}),
        }
        if json is not None:
            body = _json_body(json, packed, sent)
        if body is not None and not isinstance(body, bytes) and length is not None:
            sent["Content-Length"] = str(length)
        repeatable = method in SAFE if repeat is None else repeat
        tries = self._retries if repeatable and (body is None or isinstance(body, bytes)) else 0
        for attempt in range(tries + 1):
            if not anonymous and (value := self._authorization()):
                sent["Authorization"] = value
            try:
                return self._once(method, url, body, sent, patience or self._timeout)
            except Unavailable as error:
                if attempt == tries:
                    raise
                self.sleep(pause(attempt, error.facts.get("retry_after")))
        raise AssertionError("the loop ends by return or raise")

    def close(self) -> None:
        """Close all connections."""
        self._pool.clear()

    def _once(
        self,
        method: str,
        url: str,
        body: bytes | Iterable[bytes] | None,
        headers: Mapping[str, str],
        wait: float,
    ) -> Answer:
        try:
            raw = self._pool.request(
                method, url, body=body, headers=headers, redirect=False, preload_content=False,
                decode_content=True, timeout=urllib3.Timeout(connect=self._timeout, read=wait),
            )  # fmt: skip
        except SSLError as error:
            raise Untrusted(f"{self.base} is not trusted: {_brief(error)}.") from None
        except HTTPError as error:
            if _is_certificate(error):
                raise Untrusted(f"{self.base} is not trusted: {_brief(error)}.") from None
            raise Unavailable(f"{self.base} cannot be reached: {_brief(error)}.") from None
        if raw.status < 300:
            return Answer(raw)
        raise _refused(raw, self.base)


def segment(text: str, keep: str = "") -> str:
    """`text` as one segment of an address (as several, when `keep` holds the slash)."""
    return quote(text, safe=keep)


def pause(attempt: int, asked: object = None) -> float:
    """Seconds to wait after failure number `attempt` (from 0): doubling, jittered, or what the
    server asked for."""
    if isinstance(asked, int | float):
        return min(float(asked), LONGEST_PAUSE)
    spread = random.uniform(0.5, 1.0)  # noqa: S311 - no secret
    return float(min(0.25 * 2.0**attempt, LONGEST_PAUSE)) * spread


def refusal(status: int, document: Mapping[str, Any] | None, server: str) -> LaganError:
    """The error that a status and a problem document (RFC 9457) stand for: by its type, else by
    its status."""
    given = document or {}
    code = str(given.get("type", "")).rpartition("/")[2]
    kind = _by_code().get(code) or _BY_STATUS.get(status) or LaganError
    sentence = str(
        given.get("detail")
        or given.get("title")
        or given.get("error_message")  # how Django's tastypie says it
        or f"{server} answered {_named(status)}."
    )
    facts = {
        key: value
        for key, value in given.items()
        if key not in ("type", "title", "status", "detail")
    }
    error = kind(sentence)
    error.facts = {**facts, "answered": status, **({"problem": code} if code else {})}
    return error


def _refused(raw: urllib3.BaseHTTPResponse, server: str) -> LaganError:
    """Read a refusal; the connection is given up when its body is too long to be read."""
    document = None
    try:
        text = raw.read(LONGEST_REFUSAL)
        value = _json.loads(text) if "json" in raw.headers.get("Content-Type", "") else None
        document = value if isinstance(value, dict) else None
    except (HTTPError, ValueError):
        document = None
    finally:
        raw.close()
    if 300 <= raw.status < 400:
        place = _bare(raw.headers.get("Location", "elsewhere"))
        return BadInput(
            f"{server} points to {place}; give that address instead.", answered=raw.status
        )
    error = refusal(raw.status, document, server)
    waits = raw.headers.get("Retry-After", "")
    if waits.isdigit():
        error.facts["retry_after"] = int(waits)
    return error


def _by_code() -> dict[str, type[LaganError]]:
    """The shared kinds of refusal by their code; those of single rooms go by their status."""
    found: dict[str, type[LaganError]] = {}
    waiting: list[type[LaganError]] = [LaganError]
    for kind in waiting:
        found.setdefault(kind.code, kind)
        waiting.extend(
            each for each in kind.__subclasses__() if each.__module__.startswith("lagan.kit.")
        )
    return found


def _json_body(value: Any, packed: bool, headers: dict[str, str]) -> bytes:
    headers["Content-Type"] = "application/json"
    try:
        data = _json.dumps(value, separators=(",", ":"), ensure_ascii=False).encode()
    except UnicodeEncodeError:  # a name of undecodable bytes: surrogates travel as escapes
        data = _json.dumps(value, separators=(",", ":")).encode()
    if not packed:
        return data
    headers["Content-Encoding"] = "gzip"
    return gzip.compress(data, 1)


def _tls_options(tls: Tls) -> dict[str, Any]:
    options: dict[str, Any] = {"cert_reqs": "CERT_REQUIRED" if tls.verify else "CERT_NONE"}
    if tls.ca_file:
        options["ca_certs"] = tls.ca_file
    if tls.certificate:
        options |= {"cert_file": tls.certificate, "key_file": tls.key}
    return options


def _pool(proxy: str | None, options: dict[str, Any]) -> urllib3.PoolManager:
    if not proxy:
        return urllib3.PoolManager(**options)
    parts = urlsplit(proxy)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise BadInput("The proxy's address must look like http://proxy.example.org:3128.")
    headers = None
    if parts.username is not None:
        name, word = unquote(parts.username), unquote(parts.password or "")
        headers = urllib3.make_headers(proxy_basic_auth=f"{name}:{word}")
    return urllib3.ProxyManager(_bare(proxy), proxy_headers=headers, **options)


def _line(text: bytes) -> Any:
    try:
        return _json.loads(text)
    except ValueError:
        raise Unavailable("The answer ended within a line.") from None


def _named(status: int) -> str:
    try:
        return f"{status} {HTTPStatus(status).phrase}"
    except ValueError:
        return str(status)


def _is_certificate(error: BaseException) -> bool:
    return isinstance(error, SSLError) or isinstance(getattr(error, "reason", None), SSLError)


def _brief(error: BaseException) -> str:
    """The last cause's own words, without the objects' addresses that urllib3 puts before them."""
    reason = getattr(error, "reason", None)
    if isinstance(reason, BaseException):
        return _brief(reason)
    arguments = [each for each in error.args if isinstance(each, BaseException)]
    if arguments:
        return _brief(arguments[-1])
    text = str(error).rpartition(">: ")[2] or type(error).__name__
    return text.rstrip(".")


def _bare(address: str) -> str:
    """An address without the user name and password that somebody may have written into it."""
    parts = urlsplit(address)
    if "@" not in parts.netloc:
        return address
    return parts._replace(netloc=parts.netloc.rpartition("@")[2]).geturl()
