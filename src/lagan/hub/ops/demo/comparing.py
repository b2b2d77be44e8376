"""Whether two things are the same, and if not, what was expected and what was found."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any, BinaryIO

from lagan.hub.ops.demo.errors import Broken

PIECE = 1 << 20
"""Bytes compared at once."""
NAMED = 3
"""Differences that are named; the others are counted."""


def require(what: str, *, expected: Any, found: Any) -> None:
    """Broken unless the two are equal."""
    if expected != found:
        raise Broken(what, expected=expected, found=found)


def require_same_names(what: str, *, expected: Collection[str], found: Collection[str]) -> None:
    """Broken unless both hold the same names, each as often; says which are missing and which are
    too many."""
    if sorted(expected) == sorted(found):
        return
    missing, extra = set(expected) - set(found), set(found) - set(expected)
    twice = {name for name in extra ^ set(found) if list(found).count(name) > 1}
    parts = [("missing", missing), ("too many", extra), ("more than once", twice)]
    said = [f"{word}: {_named(names)}" for word, names in parts if names]
    raise Broken(what, expected=f"{len(expected)} names", found="; ".join(said) or len(found))


def require_same_rows(what: str, *, expected: Mapping[Any, Any], found: Mapping[Any, Any]) -> None:
    """Broken unless both map the same keys to the same values; names a row that differs."""
    require_same_names(what, expected=[*map(str, expected)], found=[*map(str, found)])
    for key, value in expected.items():
        if found[key] != value:
            raise Broken(what, expected=f"{key}: {value}", found=f"{key}: {found[key]}")


def require_same_bytes(what: str, *, expected: BinaryIO, found: BinaryIO) -> int:
    """The number of bytes that both streams hold; Broken at the first that differs."""
    count = 0
    while True:
        wanted, given = expected.read(PIECE), _read(found, PIECE)
        if wanted != given:
            raise _difference(what, count, wanted, given)
        if not wanted:
            return count
        count += len(wanted)


def _read(stream: BinaryIO, count: int) -> bytes:
    """As many bytes, or all that are left: a stream of a network may give fewer at a time."""
    parts = []
    while count and (part := stream.read(count)):
        parts.append(part)
        count -= len(part)
    return b"".join(parts)


def _difference(what: str, start: int, wanted: bytes, given: bytes) -> Broken:
    pairs = enumerate(zip(wanted, given, strict=False))
    place = next((n for n, (one, other) in pairs if one != other), min(len(wanted), len(given)))
    return Broken(
        f"{what}, byte {start + place}",
        expected=_byte(wanted, place),
        found=_byte(given, place),
    )


def _byte(data: bytes, place: int) -> str:
    return f"0x{data[place]:02x}" if place < len(data) else "the end"


def _named(names: Collection[str]) -> str:
    some = ", ".join(sorted(names)[:NAMED])
    return some if len(names) <= NAMED else f"{some} and {len(names) - NAMED} more"
