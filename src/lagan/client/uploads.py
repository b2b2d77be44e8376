"""Large files, resumable: tus 1.0.0 (creation, offset, append, termination), the whole compared
before it is catalogued."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

from lagan.kit.errors import DigestMismatch, NotFound, Unavailable
from lagan.kit.http import Answer, Http, segment

PATIENCE = 900.0
"""Seconds that the hub may take to archive a large file after its last byte."""
_TUS = {"Tus-Resumable": "1.0.0"}


@dataclass(frozen=True, slots=True)
class Stored:
    """What was archived: the file's id (when the hub told), size in bytes, SHA-256 in hex."""

    file: str | None
    size: int
    sha256: str


class Uploads:
    """The calls of tus for one hub, each one request."""

    def __init__(self, http: Http) -> None:
        self._http = http

    def create(self, dataset: str, path: str, size: int, mtime_ns: int | None = None) -> str:
        """Announce a file of `size` bytes; its upload's id."""
        facts = {"dataset": dataset, "path": path}
        if mtime_ns is not None:
            facts["mtime"] = str(mtime_ns)
        headers = {**_TUS, "Upload-Length": str(size), "Upload-Metadata": _metadata(facts)}
        # Safe to repeat: an announced upload that nobody fills expires.
        with self._http.request(
            "POST", "api/uploads/", headers=headers, body=b"", repeat=True
        ) as answer:
            place = urlsplit(answer.headers.get("Location", "")).path.rstrip("/")
        if not place:
            raise Unavailable("The hub made an upload without saying where.")
        return place.rpartition("/")[2]

    def offset(self, upload: str) -> int | None:
        """Bytes that the hub holds of it; None when there is no such upload (any more)."""
        try:
            with self._http.request("HEAD", _place(upload), headers=_TUS) as answer:
                return _offset(answer.headers)
        except NotFound:
            return None

    def append(self, upload: str, offset: int, body: bytes | Iterable[bytes], length: int) -> int:
        """Send `length` bytes from `offset`; the offset reached."""
        with self._patch(upload, offset, body, length, {}) as answer:
            return _offset(answer.headers)

    def finish(self, upload: str, offset: int, rest: bytes, size: int, sha256: str) -> Stored:
        """Send the `rest` with the SHA-256 (hex) of the whole file; DigestMismatch when the hub
        has other bytes."""
        digest = base64.b64encode(bytes.fromhex(sha256)).decode()
        headers = {"Repr-Digest": f"sha-256=:{digest}:"}
        with self._patch(upload, offset, rest, len(rest), headers) as answer:
            archived = repr_digest(answer.headers)
            if archived not in (None, sha256):
                raise DigestMismatch("The hub archived other bytes than were sent.")
            return Stored(answer.headers.get("Lagan-File"), size, sha256)

    def discard(self, upload: str) -> None:
        """Give the upload up; nothing happens when it is gone already."""
        try:
            self._http.request("DELETE", _place(upload), headers=_TUS, repeat=True).close()
        except NotFound:
            return

    def _patch(
        self,
        upload: str,
        offset: int,
        body: bytes | Iterable[bytes],
        length: int,
        more: Mapping[str, str],
    ) -> Answer:
        headers = {
            **_TUS,
            "Upload-Offset": str(offset),
            "Content-Type": "application/offset+octet-stream",
            **more,
        }
        return self._http.request(
            "PATCH", _place(upload), body=body, length=length, headers=headers, patience=PATIENCE
        )


def repr_digest(headers: Mapping[str, str]) -> str | None:
    """The SHA-256 in hex of a Repr-Digest header (RFC 9530), None without one."""
    for part in headers.get("Repr-Digest", "").split(","):
        name, _, value = part.strip().partition("=")
        if name.lower() == "sha-256" and value.startswith(":") and value.endswith(":"):
            try:
                return base64.b64decode(value[1:-1], validate=True).hex()
            except binascii.Error:
                return None
    return None


def _metadata(facts: Mapping[str, str]) -> str:
    return ",".join(
        f"{key} {base64.b64encode(value.encode()).decode()}" for key, value in facts.items()
    )


def _place(upload: str) -> str:
    return f"api/uploads/{segment(upload)}"


def _offset(headers: Mapping[str, str]) -> int:
    text = headers.get("Upload-Offset", "")
    if not text.isdigit():
        raise Unavailable("The hub did not say how much of the upload it has.")
    return int(text)
