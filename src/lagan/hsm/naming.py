"""What objects at a target are called: as their files, as far as a volume lets it, and never two
files alike."""

from __future__ import annotations

import hashlib
import os
from functools import lru_cache
from uuid import UUID

from lagan.kit.errors import BadPath
from lagan.store.layout import check_object

PART_LIMIT = 200
"""Bytes of an encoded part: leaves room for a suffix within the 255 of a filesystem."""
NAME_LIMIT = 700
"""Bytes of an encoded name: leaves room for a prefix within the 1,024 of a bucket."""
_ELSEWHERE = "~"
"""Folder of objects whose own name cannot be had; no encoded name begins so."""
TOMBSTONES = ".lagan/hsm-tombstones/"
RECORDS = ".lagan/hsm/"
"""What the names of these begin with at a target."""
_ESCAPED = frozenset("%\\")


@lru_cache(maxsize=4096)
def object_name(relative: str) -> str:
    """The name for the file at `relative` beneath its root; bytes that are no UTF-8 are surrogates.

    Readable, printable, no hidden part; what is not is percent-encoded as in URLs. Names that no
    volume would take all the same, as they are too long, are told by their digest.
    """
    parts = [_encoded(part) for part in relative.split("/")]
    name = "/".join(parts)
    too_long = any(len(part.encode()) > PART_LIMIT for part in parts)
    if too_long or len(name.encode()) > NAME_LIMIT or not _is_taken(name):
        return f"{_ELSEWHERE}/{digest_of(relative)}"
    return name


def suffixed(name: str, unique: UUID) -> str:
    """Another name beside `name`."""
    return f"{name}.{unique}"


def elsewhere(relative: str, unique: UUID) -> str:
    """A name that can always be had, when a file stands where the name needs a folder."""
    return f"{_ELSEWHERE}/{digest_of(relative)}.{unique}"


def record_name(relative: str) -> str:
    """Where a target keeps what it knows of the file at `relative`."""
    digest = digest_of(relative)
    return f".lagan/hsm/{digest[:2]}/{digest}.json"


def displaced_name(relative: str, root: str) -> str:
    """Where it keeps what the root so named told of that path before another one told of it."""
    return record_name(relative).removesuffix(".json") + f".{root}.json"


def way_name(relative: str, root: str = "") -> str:
    """Where a target keeps what a root told of the folder or link at `relative`; without `root` the
    beginning of all such names."""
    digest = digest_of(relative)
    return f".lagan/hsm-ways/{digest[:2]}/{digest}." + (f"{root}.json" if root else "")


def tombstone_name(name: str) -> str:
    """Where a target keeps what is known of the end of the object called `name`."""
    digest = digest_of(name)
    return f"{TOMBSTONES}{digest[:2]}/{digest}.json"


def condemned_name(name: str) -> str:
    """What is there while somebody is about to remove that object."""
    digest = digest_of(name)
    return f".lagan/hsm-condemned/{digest[:2]}/{digest}"


@lru_cache(maxsize=4096)
def digest_of(relative: str) -> str:
    """40 hex digits for a path."""
    return hashlib.sha256(os.fsencode(relative)).hexdigest()[:40]


def _is_taken(name: str) -> bool:
    """Whether volumes take the name: not when it begins like a drive (`C:`)."""
    try:
        check_object(name)
    except BadPath:
        return False
    return True


def _encoded(part: str) -> str:
    first = part[0] in ".~"
    return "".join(
        _percent(character) if (at == 0 and first) or _is_odd(character) else character
        for at, character in enumerate(part)
    )


def _is_odd(character: str) -> bool:
    return character in _ESCAPED or not character.isprintable()


def _percent(character: str) -> str:
    return "".join(f"%{byte:02X}" for byte in os.fsencode(character))
