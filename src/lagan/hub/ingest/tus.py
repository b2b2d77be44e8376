"""The words of tus 1.0.0: headers read and written; no bytes, no database."""

from __future__ import annotations

import base64
import binascii
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from email.utils import format_datetime
from typing import Protocol

from lagan.hub.ingest.errors import WrongVersion
from lagan.kit.errors import BadInput

VERSION = "1.0.0"
EXTENSIONS = "creation,creation-with-upload,checksum,termination,concatenation,expiration"
CHECKSUMS = ("sha256", "sha1", "md5", "sha512")
MAX_SIZE = 1 << 46
"""64 TiB: what the largest common filesystems hold in one file is less."""


class Headers(Protocol):
    """What is read from a request."""

    def header(self, name: str) -> str | None:
        """A header or None."""


class Hash(Protocol):
    """A running checksum."""

    def update(self, data: bytes, /) -> None:
        """Take bytes."""

    def digest(self) -> bytes:
        """The checksum so far."""


@dataclass(frozen=True, slots=True)
class Checksum:
    """What an `Upload-Checksum` announces for the bytes of one request."""

    algorithm: str
    digest: bytes

    def start(self) -> Hash:
        """A fresh hash of its kind."""
        return hashlib.new(self.algorithm, usedforsecurity=False)


def require_version(request: Headers) -> None:
    """Every request but OPTIONS says which protocol it speaks."""
    if request.header("tus-resumable") != VERSION:
        raise WrongVersion(
            "This upload speaks tus 1.0.0; send 'Tus-Resumable: 1.0.0'.", version=VERSION
        )


def number(request: Headers, name: str) -> int | None:
    """A header that is a whole number from 0, or None when it is not there."""
    text = request.header(name)
    if text is None:
        return None
    if not (text.isascii() and text.isdigit() and len(text) < 20 and int(text) < 1 << 63):
        raise BadInput(f"{name} must be a whole number, not {text!r}.", header=name)
    return int(text)


def metadata(text: str | None) -> dict[str, str]:
    """`Upload-Metadata`: comma-separated keys, each with a base64 value of UTF-8."""
    pairs = [pair.strip().split(" ", 1) for pair in (text or "").split(",") if pair.strip()]
    try:
        return {
            key: base64.b64decode(rest[0] if rest else "", validate=True).decode()
            for key, *rest in pairs
        }
    except (binascii.Error, UnicodeDecodeError):
        raise BadInput("Upload-Metadata must be pairs of a key and base64 of UTF-8 text.") from None


def checksum(request: Headers) -> Checksum | None:
    """`Upload-Checksum: <algorithm> <base64>`."""
    text = request.header("upload-checksum")
    if text is None:
        return None
    name, _, value = text.partition(" ")
    if name not in CHECKSUMS:
        raise BadInput(
            f"Upload-Checksum takes {', '.join(CHECKSUMS)}, not {name!r}.", header="Upload-Checksum"
        )
    return Checksum(name, _bytes(value, "Upload-Checksum"))


def parts(text: str) -> list[str]:
    """The upload ids that `Upload-Concat: final;<url> <url>` names."""
    urls = text.partition(";")[2].split()
    if not urls:
        raise BadInput("A final upload names its partial ones: 'Upload-Concat: final;<url> <url>'.")
    return [url.rstrip("/").rpartition("/")[2] for url in urls]


def standing(
    *, offset: int | None, length: int | None, expires: datetime | None
) -> list[tuple[str, str]]:
    """The headers that say where an upload stands."""
    given: Mapping[str, str | None] = {
        "Tus-Resumable": VERSION,
        "Upload-Offset": None if offset is None else str(offset),
        "Upload-Length": None if length is None else str(length),
        "Upload-Expires": None if expires is None else format_datetime(expires, usegmt=True),
    }
    return [(name, value) for name, value in given.items() if value is not None]


def _bytes(value: str, header: str) -> bytes:
    try:
        return base64.b64decode(value, validate=True)
    except binascii.Error:
        raise BadInput(f"{header} must hold base64.", header=header) from None
