"""Copies stored bytes to another volume and believes the copy only when its digests agree."""

from __future__ import annotations

from collections.abc import Callable

from lagan.kit.digests import Digests
from lagan.kit.errors import BadInput, DigestMismatch
from lagan.store.quiet import read_quietly
from lagan.store.volume import Incoming, Volume


def copy(
    source: Volume,
    object: str,  # noqa: A002 - the word for it
    offset: int,
    length: int,
    incoming: Incoming,
    expected: Digests,
    *,
    progress: Callable[[int], object] | None = None,
) -> Digests:
    """Read `length` bytes from `offset` into an empty `incoming`, digesting on the way; all their
    digests.

    DigestMismatch if they are not the expected bytes: then the incoming was discarded. `progress`
    is told each number of bytes copied. What has been read leaves nothing in the page cache.
    """
    if incoming.size:
        raise BadInput(f"Upload {incoming.key} is not empty.")
    for piece in read_quietly(source, object, offset, length):
        incoming.write([piece])
        if progress is not None:
            progress(len(piece))
    found = incoming.digests()
    if not found.agrees_with(expected):
        incoming.discard()
        raise DigestMismatch(
            f"{object} at {source.location} does not hold the {expected.size} bytes stored there.",
            object=object,
            offset=offset,
        )
    return found
