"""All digests of some bytes, computed in one pass over them."""

from __future__ import annotations

import base64
import binascii
import hashlib
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Any, Protocol

import crc32c as _crc32c
from isal import isal_zlib

from lagan.kit.errors import BadInput

Buffer = bytes | bytearray | memoryview

SHA256, BLAKE3 = "sha256", "blake3"
DEFAULT = frozenset({SHA256})
"""The identity digests taken by default; the two CRCs are always taken (0.09 CPU s per GiB
together)."""


class _Hash(Protocol):
    def update(self, data: Any, /) -> Any: ...
    def hexdigest(self) -> str: ...


@dataclass(frozen=True, slots=True)
class Digests:
    """What is known of some content: its size in bytes, both CRCs as unsigned 32-bit numbers,
    identity digests in hex.

    `crc32c` is Castagnoli's (RFC 3720), `crc32` is that of zip and gzip. At least one of `sha256`
    and
    `blake3` is set for archived content.
    """

    size: int
    crc32c: int
    crc32: int
    sha256: str | None = None
    blake3: str | None = None

    def agrees_with(self, other: Digests) -> bool:
        """Whether nothing that both sides know differs."""
        pairs = ((self.sha256, other.sha256), (self.blake3, other.blake3))
        if any(a is not None and b is not None and a != b for a, b in pairs):
            return False
        return (self.size, self.crc32c, self.crc32) == (other.size, other.crc32c, other.crc32)


class Digester:
    """Takes bytes in order and knows all digests of them at any time. Not for two threads at
    once."""

    def __init__(self, algorithms: Collection[str] = DEFAULT) -> None:
        self.size = 0
        self._crc32c = 0
        self._crc32 = 0
        self._hashes: dict[str, _Hash] = {name: _new_hash(name) for name in sorted(algorithms)}

    def update(self, data: Buffer) -> None:
        """Take the next bytes; the GIL is free while they are hashed."""
        self._crc32c = _crc32c.crc32c(data, self._crc32c)
        self._crc32 = isal_zlib.crc32(data, self._crc32)
        for each in self._hashes.values():
            each.update(data)
        self.size += len(data) if not isinstance(data, memoryview) else data.nbytes

    def result(self) -> Digests:
        """The digests of everything taken so far."""
        values = {name: each.hexdigest() for name, each in self._hashes.items()}
        return Digests(self.size, self._crc32c, self._crc32, **values)


def digests_of(pieces: Iterable[Buffer], algorithms: Collection[str] = DEFAULT) -> Digests:
    """The digests of `pieces` joined."""
    digester = Digester(algorithms)
    for piece in pieces:
        digester.update(piece)
    return digester.result()


def as_repr_digest(sha256: str) -> str:
    """The value of a `Repr-Digest` header (RFC 9530) for a SHA-256 in hex."""
    return f"sha-256=:{base64.b64encode(bytes.fromhex(sha256)).decode()}:"


def read_repr_digest(value: str | None) -> str | None:
    """The SHA-256 in hex that a `Repr-Digest` header announces; None without one. BadInput when it
    is malformed."""
    for part in (value or "").split(","):
        name, _, text = part.strip().partition("=")
        if name == "sha-256":
            return _sha256(text)
    return None


def _sha256(text: str) -> str:
    try:
        digest = base64.b64decode(text[1:-1], validate=True)
    except binascii.Error:
        digest = b""
    if len(digest) != 32 or not text.startswith(":") or not text.endswith(":"):
        raise BadInput("Repr-Digest must be sha-256=:<base64 of 32 bytes>:.", header="Repr-Digest")
    return digest.hex()


def _new_hash(name: str) -> _Hash:
    if name == BLAKE3:
        from blake3 import blake3

        return blake3()
    return hashlib.new(name)
