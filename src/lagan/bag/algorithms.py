"""Checksum algorithms by their names in a bag (RFC 8493, 2.4): lower case, letters and digits
only."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Collection
from functools import partial
from typing import Any, Protocol

from lagan.kit.errors import BadInput


class Hash(Protocol):
    """A running digest."""

    def update(self, data: Any, /) -> object:
        """Take the next bytes."""

    def hexdigest(self) -> str:
        """The digest of all bytes so far, in hex."""


DEFAULT_ALGORITHMS = frozenset({"md5", "sha1", "sha224", "sha256", "sha384", "sha512"})
"""What every validator should know: the RFC's four and their siblings."""

_NAMES = {
    **{name: name for name in DEFAULT_ALGORITHMS},
    **{f"sha3{bits}": f"sha3_{bits}" for bits in (224, 256, 384, 512)},
    "blake2b": "blake2b",
    "blake2b512": "blake2b",
    "blake2s": "blake2s",
    "blake2s256": "blake2s",
}
_FACTORIES: dict[str, Callable[[], Hash]] = {
    **{bag: partial(hashlib.new, name, usedforsecurity=False) for bag, name in _NAMES.items()},
    "blake2b256": partial(hashlib.blake2b, digest_size=32),
}
ALL_ALGORITHMS = frozenset(_FACTORIES)
"""Also SHA-3 and BLAKE2, on request."""
_LENGTHS = {name: len(factory().hexdigest()) for name, factory in _FACTORIES.items()}


def new_hash(name: str) -> Hash:
    """A running digest; `name` is one of ALL_ALGORITHMS."""
    return _FACTORIES[name]()


def hex_length(name: str) -> int:
    """Characters of its digest in hex."""
    return _LENGTHS[name]


def normalise(name: str) -> str:
    """`SHA-256` as `sha256`. BadInput when nothing here computes it."""
    plain = "".join(character for character in name.lower() if character.isalnum())
    if plain not in ALL_ALGORITHMS:
        known = ", ".join(sorted(ALL_ALGORITHMS))
        raise BadInput(f"No algorithm is called {name[:40]!r}; there are {known}.")
    return plain


def normalise_all(names: Collection[str]) -> frozenset[str]:
    """All of them, at least one. BadInput."""
    if not names:
        raise BadInput("Name at least one checksum algorithm.")
    return frozenset(map(normalise, names))
