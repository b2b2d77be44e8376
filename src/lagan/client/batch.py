"""Many small files in one request: a tar stream built while it is sent, one acknowledgement a
file."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from lagan.client import tar
from lagan.kit.errors import LaganError, Unavailable
from lagan.kit.http import Http, refusal

PIECE = 512 << 10
"""Bytes that are gathered before they are written to the socket."""
PATIENCE = 600.0
"""Seconds that the hub may take to put a batch on stable storage."""


@dataclass(frozen=True, slots=True)
class Member:
    """A small file of a batch. `read` gives its whole content, or None when it shall not go after
    all."""

    dataset: str
    path: str
    mtime_ns: int
    read: Callable[[], bytes | None]


@dataclass(frozen=True, slots=True)
class Acknowledgement:
    """What the hub did with a member: `stored`, `present` or `refused` (then `error` says why)."""

    member: Member
    status: str
    size: int
    sha256: str
    file: str | None = None
    version: int | None = None
    error: LaganError | None = None


@dataclass(slots=True)
class _Sent:
    """Members that went into the stream, in order, with size and SHA-256."""

    members: list[tuple[Member, int, str]] = field(default_factory=list)


def send(
    http: Http, members: Iterable[Member], on_bytes: Callable[[int], None] = lambda n: None
) -> Iterator[Acknowledgement]:
    """Send `members`; yield acknowledgements as they arrive, in order.

    A member whose content was None is left out. When the connection ends early the acknowledgements
    end too, by Unavailable: what was not acknowledged may or may not be archived, and may safely be
    sent again.
    """
    sent = _Sent()
    stream = _gather(_stream(members, sent), on_bytes)
    first = next(stream)
    if not sent.members:
        return
    body = _prepend(first, stream)
    headers = {
        "Content-Type": "application/x-tar",
        "Accept": "application/x-ndjson, application/problem+json",
    }
    with http.request(
        "POST", "api/uploads/batch/", body=body, headers=headers, patience=PATIENCE
    ) as answer:
        lines = answer.lines()
        for member, size, sha256 in sent.members:
            line = next(lines, None)
            if line is None:
                raise Unavailable("The hub's answer ended before every file was acknowledged.")
            yield _acknowledged(line, member, size, sha256)


def _stream(members: Iterable[Member], sent: _Sent) -> Iterator[bytes]:
    for member in members:
        content = member.read()
        if content is None:
            continue
        sha256 = hashlib.sha256(content).hexdigest()
        sent.members.append((member, len(content), sha256))
        yield tar.header(f"{member.dataset}/{member.path}", len(content), member.mtime_ns, sha256)
        yield content
        yield tar.padding(len(content))
    yield tar.END


def _gather(pieces: Iterable[bytes], on_bytes: Callable[[int], None]) -> Iterator[bytes]:
    """The same bytes in fewer pieces: a system call for each header would cost more than the
    copy."""
    waiting, held = [], 0
    for piece in pieces:
        waiting.append(piece)
        held += len(piece)
        if held >= PIECE:
            yield b"".join(waiting)
            on_bytes(held)
            waiting, held = [], 0
    if waiting:
        yield b"".join(waiting)
        on_bytes(held)


def _prepend(first: bytes, rest: Iterator[bytes]) -> Iterator[bytes]:
    yield first
    yield from rest


def _acknowledged(line: Any, member: Member, size: int, sha256: str) -> Acknowledgement:
    given = line if isinstance(line, dict) else {}
    status = str(given.get("status", "refused"))
    if status in ("stored", "present") and given.get("sha256", sha256) != sha256:
        status, given = (
            "refused",
            {"error": {"type": "digest-mismatch", "detail": "The hub has another SHA-256."}},
        )
    return Acknowledgement(
        member, status, size, sha256, given.get("file"), given.get("version"),
        _reason(given.get("error")) if status not in ("stored", "present") else None,
    )  # fmt: skip


def _reason(error: Any) -> LaganError:
    document = error if isinstance(error, dict) else {"detail": str(error or "no reason was given")}
    return refusal(int(document.get("status") or 400), document, "The hub")
