"""The names, files and digests that OCFL 1.1 defines; data only. Source:
https://ocfl.io/1.1/spec/."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, Protocol

INVENTORY = "inventory.json"
LAYOUT = "ocfl_layout.json"
EXTENSIONS = "extensions"
CONTENT = "content"
ROOT, OBJECT = "ocfl_1.1", "ocfl_object_1.1"
"""What the declarations of this version hold; their names have `0=` before it."""
TYPE = "https://ocfl.io/1.1/spec/#inventory"
VERSIONS = ("1.0", "1.1")
"""Versions of the specification that can be read."""


class Hash(Protocol):
    """A running digest."""

    def update(self, data: Any, /) -> object:
        """Take the next bytes."""

    def hexdigest(self) -> str:
        """The digest of all bytes so far, in hex."""


DIGESTS: Mapping[str, Callable[[], Hash]] = {
    **{
        name: partial(hashlib.new, name, usedforsecurity=False)
        for name in ("md5", "sha1", "sha256", "sha512")
    },
    "blake2b-512": hashlib.blake2b,
    **{
        f"blake2b-{bits}": partial(hashlib.blake2b, digest_size=bits // 8)
        for bits in (160, 256, 384)
    },
}
"""Of the specification's section 2.8 and of extension 0001: everything that can be computed."""
UNCOMPUTED = frozenset({"sha512/256", "size", "crc32", "crc64ecma"})
"""Of extensions 0001 and 0009: known names, which are passed over."""
ADDRESSING = ("sha512", "sha256")
"""What content may be addressed by, the recommended one first."""
LENGTHS = {name: len(make().hexdigest()) for name, make in DIGESTS.items()}

NUMBER = re.compile(r"v(0*)([1-9][0-9]*)")
"""A version directory's name: zeros, number."""


def declaration(value: str) -> tuple[str, bytes]:
    """Name and content of a declaration (NAMASTE)."""
    return f"0={value}", f"{value}\n".encode()


def sidecar(digest: str, algorithm: str) -> tuple[str, bytes]:
    """Name and content of the file that goes with an inventory."""
    return f"{INVENTORY}.{algorithm}", f"{digest} {INVENTORY}\n".encode()


def digest_of(data: bytes, algorithm: str) -> str:
    """In hex."""
    running = DIGESTS[algorithm]()
    running.update(data)
    return running.hexdigest()
