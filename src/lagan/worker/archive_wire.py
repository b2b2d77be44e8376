"""What a site and the hub say to each other about objects that the archive keeps: the same module
on both sides."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass

from lagan.kit.digests import Buffer

ROOT = "/api/work/target/"
SMALL = 1 << 20
"""Bytes up to which an object comes with the request that publishes it."""
TOLD = 64 << 10
"""Bytes up to which an object's content is the answer to a word."""
MOST_OBJECTS = 20_000
LARGEST = 256 << 20
"""Objects, and bytes of small ones, in one request that publishes."""
MOST_WORDS = 1000
"""Words of one request."""
MOST_PROVED = 10_000
"""Names in one request to prove."""
HEAD = 4
"""Bytes of the number that says how long the announcement is."""


@dataclass(frozen=True, slots=True)
class Announced:
    """One object: `size` bytes of this request under the site's `key`, or those that came before
    under that key, where `writer` says whose they are."""

    name: str
    key: str
    size: int
    sha256: str
    writer: str | None


def announcement(items: Sequence[Announced]) -> bytes:
    """The beginning of a body that publishes: a length, and as many bytes of packed JSON; the small
    objects' own bytes follow in the same order."""
    told = json.dumps([asdict(each) for each in items], separators=(",", ":")).encode()
    packed = gzip.compress(told, 1)
    return len(packed).to_bytes(HEAD, "big") + packed


def joined(head: bytes, data: Sequence[Buffer], block: int = 1 << 20) -> Iterator[bytes]:
    """The body in blocks: thousands of small writes cost more than their copies."""
    gathered = bytearray(head)
    for each in data:
        gathered += each
        if len(gathered) >= block:
            yield bytes(gathered)
            gathered.clear()
    if gathered:
        yield bytes(gathered)
