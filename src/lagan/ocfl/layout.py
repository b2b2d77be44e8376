"""Where an object lies beneath its storage root: the registered layouts that hash its id.

Source: https://ocfl.github.io/extensions/, numbers 0003 and 0004.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from lagan.ocfl.errors import NotARoot

HASHED_WITH_ID = "0003-hash-and-id-n-tuple-storage-layout"
HASHED = "0004-hashed-n-tuple-storage-layout"
DESCRIPTIONS = {
    HASHED_WITH_ID: "Hashed Truncated N-tuple Trees with Object ID Encapsulating Directory",
    HASHED: "Hashed N-tuple Storage Layout",
}
_DIGESTS = frozenset({"md5", "sha1", "sha256", "sha512"})
_LONGEST_ID = 100
"""Characters of an encoded id in a folder's name (0003); a longer one is cut and told apart by its
digest."""
_PLAIN = re.compile(r"[A-Za-z0-9_-]")


@dataclass(frozen=True, slots=True)
class Layout:
    """A layout with its parameters; `short` is 0004's shortObjectRoot."""

    extension: str = HASHED_WITH_ID
    digest: str = "sha256"
    size: int = 3
    count: int = 3
    short: bool = False

    @property
    def config(self) -> dict[str, Any]:
        """Its config.json."""
        told = {
            "extensionName": self.extension,
            "digestAlgorithm": self.digest,
            "tupleSize": self.size,
            "numberOfTuples": self.count,
        }
        return told | ({"shortObjectRoot": self.short} if self.extension == HASHED else {})

    def place(self, id: str) -> str:
        """The object's folder, relative to the storage root."""
        digest = hashlib.new(self.digest, id.encode(), usedforsecurity=False).hexdigest()
        tuples = [digest[n * self.size : (n + 1) * self.size] for n in range(self.count)]
        return "/".join([*tuples, self._last(id, digest)])

    def _last(self, id: str, digest: str) -> str:
        if self.extension == HASHED:
            return digest[self.size * self.count :] if self.short else digest
        encoded = "".join(map(_encode, id))
        return encoded if len(encoded) <= _LONGEST_ID else f"{encoded[:_LONGEST_ID]}-{digest}"


def layout_of(extension: Any, config: Mapping[str, Any]) -> Layout:
    """The layout that a storage root names. NotARoot for one that is not known here, or for
    parameters that it does not have."""
    if extension not in DESCRIPTIONS:
        raise NotARoot(f"The layout {str(extension)[:80]!r} is not known here.")
    layout = Layout(
        extension,
        config.get("digestAlgorithm", "sha256"),
        config.get("tupleSize", 3),
        config.get("numberOfTuples", 3),
        config.get("shortObjectRoot", False),
    )
    if not _is_sound(layout):
        raise NotARoot(f"The layout's config.json is not one of {extension}.")
    return layout


def _is_sound(layout: Layout) -> bool:
    numbers = (layout.size, layout.count)
    if layout.digest not in _DIGESTS or type(layout.short) is not bool:
        return False
    if any(type(each) is not int or not 0 <= each <= 32 for each in numbers):
        return False
    used = layout.size * layout.count
    length = len(hashlib.new(layout.digest, b"", usedforsecurity=False).hexdigest())
    return bool(layout.size) == bool(layout.count) and used <= length - layout.short


def _encode(character: str) -> str:
    if _PLAIN.fullmatch(character):
        return character
    return "".join(f"%{byte:02x}" for byte in character.encode())
