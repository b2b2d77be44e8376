"""The bytes of archived files from whichever good replica answers, going over to another when one
fails."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence

from lagan.hub.archive.queries import Location
from lagan.kit.digests import Buffer
from lagan.kit.errors import LaganError, Unavailable

_log = logging.getLogger(__name__)


def read(locations: Sequence[Location], start: int, stop: int) -> Iterator[Buffer]:
    """Bytes `start` to `stop` (exclusive) of a file; exactly as many, or Unavailable."""
    for location in locations:
        try:
            for piece in location.store.read(
                location.object, location.offset + start, stop - start
            ):
                start += len(piece)
                yield piece
        except LaganError as error:
            _log.warning(
                "replica unreadable: %s on %s: %s", location.object, location.volume, error.sentence
            )
        if start >= stop:
            return
    raise Unavailable("No replica of this file can be read just now.")
