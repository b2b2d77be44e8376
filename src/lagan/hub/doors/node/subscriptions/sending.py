"""One copy goes to one receiver by HTTP, as receivers of the archive server are used to; and what
became of it.

The last piece of a body is held back until all of it was seen to be what the catalogue says: a
damaged copy never arrives as a whole. Source: reference/ngas-http.md section 7.
"""

from __future__ import annotations

import base64
import http.client
import ssl
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from urllib.parse import quote, urlsplit

from lagan.hub.doors.node.cluster.targets import EVERYWHERE, TargetRefused, require_target
from lagan.hub.doors.node.config import xml
from lagan.hub.doors.node.files import checksums
from lagan.hub.doors.node.models import StoredFile
from lagan.hub.doors.node.wire.documents import file_status
from lagan.hub.doors.node.wire.status import FAILURE, lines
from lagan.kit.digests import Buffer
from lagan.kit.errors import BadInput, LaganError, Unavailable

TIMEOUT = 120.0
"""Seconds that a receiver may take for anything."""
LONGEST_ANSWER = 1 << 20
SCHEMES = ("http", "https")


class Damaged(LaganError):
    """The copy is not what the catalogue says; nothing was delivered."""

    code, status = "damaged", 409


class Refused(LaganError):
    """The receiver said no to this file."""

    code, status = "refused", 502


class Unreachable(Unavailable):
    """The receiver did not answer. `unsure`: it may have the file all the same."""

    code = "unreachable"

    def __init__(self, sentence: str, *, unsure: bool = False) -> None:
        super().__init__(sentence)
        self.unsure = unsure


@dataclass(frozen=True, slots=True)
class Parcel:
    """What is sent: a row of the catalogue, its bytes, and what says whether they are right.
    `check` is called with every piece, at the end with None, and raises Damaged."""

    row: StoredFile
    pieces: Iterable[Buffer]
    check: Callable[[Buffer | None], None]


@dataclass(slots=True)
class Line:
    """How a receiver is reached, and to which hosts the configuration lets the node go.
    `open_lines` are connections that are at it: who ends the node closes them."""

    tls: ssl.SSLContext | None = None
    timeout: float = TIMEOUT
    allowed: Sequence[str] = EVERYWHERE
    open_lines: set[http.client.HTTPConnection] = field(default_factory=set)


def request_target(url: str, row: StoredFile) -> str:
    """Path and query: those of the subscription and the name of the checksum, if there is one."""
    parts = urlsplit(url)
    asked = [parts.query] if parts.query else []
    if row.checksum is not None and row.checksum_plugin:
        asked.append(f"crc_variant={quote(row.checksum_plugin)}")
    return (parts.path or "/") + (f"?{'&'.join(asked)}" if asked else "")


def file_headers(row: StoredFile, *, rearchive: bool) -> list[tuple[str, str]]:
    """What says which file it is, in the order that receivers know."""
    found = [] if row.checksum is None else [("NGAS-File-CRC", row.checksum)]
    if rearchive:
        content = "".join(lines(file_status(row))).encode()
        found.append(("NGAS-File-Info", base64.b64encode(content).decode()))
    name = quote(row.file_name.rpartition("/")[2], safe=_PLAIN)
    disposition = f'attachment; filename="{name}"; file_id={quote(row.file_id, safe=_PLAIN_ID)}'
    return [
        *found,
        ("Content-Type", row.format or "application/octet-stream"),
        ("Content-Disposition", disposition),
        ("Content-Length", str(row.file_size)),
    ]


_PLAIN_ID = "!#$&'()*+,-./:<>?@[]^_`{|}~"
_PLAIN = f"{_PLAIN_ID} "
"""What a receiver that decodes percents and cuts at `;` and `=` reads as it is."""


def send(
    url: str, parcel: Parcel, headers: Mapping[str, str], line: Line, *, rearchive: bool
) -> float:
    """Deliver; the bytes a second. Refused, Unreachable, Damaged."""
    began = time.monotonic()
    with closing(connect(url, line)) as connection:
        line.open_lines.add(connection)
        try:
            _send(connection, url, parcel, headers, rearchive=rearchive)
        finally:
            line.open_lines.discard(connection)
    return int(parcel.row.file_size) / max(time.monotonic() - began, 1e-6)


def connect(url: str, line: Line) -> http.client.HTTPConnection:
    """A connection to the receiver. Unreachable, or Refused where the node may not go."""
    parts = urlsplit(url)
    try:
        require_target(url, line.allowed, SCHEMES)
    except (TargetRefused, BadInput) as error:
        raise Refused(error.sentence) from None
    except Unavailable as error:
        raise Unreachable(error.sentence) from None
    connection: http.client.HTTPConnection
    if parts.scheme == "https":
        context = line.tls or ssl.create_default_context()
        connection = http.client.HTTPSConnection(
            parts.hostname or "", parts.port or 443, timeout=line.timeout, context=context
        )
    else:
        connection = http.client.HTTPConnection(
            parts.hostname or "", parts.port or 80, timeout=line.timeout
        )
    try:
        connection.connect()
    except (OSError, ValueError) as error:
        connection.close()
        raise Unreachable(f"{parts.netloc} cannot be reached: {error}") from None
    return connection


def _send(
    connection: http.client.HTTPConnection,
    url: str,
    parcel: Parcel,
    headers: Mapping[str, str],
    *,
    rearchive: bool,
) -> None:
    whole = False
    try:
        connection.putrequest("POST", request_target(url, parcel.row))
        for name, value in headers.items():
            connection.putheader(name, value)
        for name, value in file_headers(parcel.row, rearchive=rearchive):
            connection.putheader(name, value.encode("utf-8"))
        connection.endheaders()
        for last, piece in _with_last(parcel):
            whole = whole or last
            connection.send(piece)
        answer = connection.getresponse()
        judge(answer.status, answer.read(LONGEST_ANSWER), url)
    except (OSError, http.client.HTTPException, ValueError) as error:
        _heard_early(connection, url)
        said = str(error) or type(error).__name__
        raise Unreachable(f"{urlsplit(url).netloc} did not answer: {said}", unsure=whole) from None


def _with_last(parcel: Parcel) -> Iterator[tuple[bool, Buffer]]:
    """The pieces, the last one told to be it and only after all were checked."""
    held: Buffer | None = None
    for piece in parcel.pieces:
        parcel.check(piece)
        if held is not None:
            yield False, held
        held = piece
    parcel.check(None)
    yield True, held if held is not None else b""


def _heard_early(connection: http.client.HTTPConnection, url: str) -> None:
    """A receiver may refuse before it has read all, and close: its answer is what counts."""
    try:
        connection.sock.settimeout(1.0)
        answer = connection.getresponse()
        content = answer.read(LONGEST_ANSWER)
    except (OSError, http.client.HTTPException, AttributeError, ValueError):
        return
    if answer.status != 200:
        judge(answer.status, content, url)


def judge(status: int, content: bytes, url: str) -> None:
    """Whether a receiver's answer says that it has the file: exactly 200 does, unless it comes with
    a status document that cannot be read or says FAILURE. Refused, Unreachable."""
    who = urlsplit(url).netloc
    said = _message(content)
    if status >= 500:
        raise Unreachable(f"{who} answered {status}{said and ': ' + said}", unsure=True)
    if status != 200:
        raise Refused(f"{who} answered {status}, which is not 200{said and ': ' + said}")
    if b"<?xml" not in content[:1000]:
        return
    try:
        found = xml.read(content).first("Status")
    except BadInput as error:
        raise Refused(f"{who} answered with XML that cannot be read: {error.sentence}") from None
    if found is not None and found.attributes.get("Status") == FAILURE:
        raise Refused(f"{who} answered FAILURE: {found.attributes.get('Message', '')}")


def _message(content: bytes) -> str:
    try:
        found = xml.read(content).first("Status")
    except BadInput:
        return ""
    return found.attributes.get("Message", "")[:500] if found is not None else ""


def has_it(
    url: str, row: StoredFile, headers: Mapping[str, str], line: Line, *, exact: bool
) -> bool:
    """Whether a receiver that is a node has these bytes as the newest version of the file, or
    `exact`, as this version; `url` is that of its STATUS. Unreachable when it does not say."""
    asked = f"file_id={quote(row.file_id, safe='')}"
    if exact:
        asked += f"&file_version={row.file_version}"
    with closing(connect(url, line)) as connection:
        try:
            target = f"{urlsplit(url).path}?{asked}"
            connection.request("GET", target, headers=dict(headers))
            answer = connection.getresponse()
            content = answer.read(LONGEST_ANSWER)
        except (OSError, http.client.HTTPException, ValueError) as error:
            raise Unreachable(
                f"{urlsplit(url).netloc} did not answer: {error}", unsure=True
            ) from None
    return answer.status == 200 and _is_same(content, row)


def _is_same(content: bytes, row: StoredFile) -> bool:
    try:
        disk = xml.read(content).first("DiskStatus")
    except BadInput:
        return False
    found = disk.first("FileStatus") if disk is not None else None
    if found is None:
        return False
    said = found.attributes
    return (
        row.checksum is not None
        and said.get("FileSize") == str(row.file_size)
        and _variant(said.get("ChecksumPlugIn")) == _variant(row.checksum_plugin)
        and checksums.same(said.get("Checksum"), row.checksum)
    )


def _variant(name: str | None) -> str | None:
    try:
        found = checksums.variant_of(name or "")
    except ValueError:
        return name
    return checksums.CRC32 if found == checksums.CRC32Z else found
