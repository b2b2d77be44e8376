"""Bytes on their way into a folder: one growing file, locked by whoever writes it, its digests
beside it."""

from __future__ import annotations

import errno
import fcntl
import os
from collections.abc import Collection, Sequence

from lagan.kit.digests import Buffer, Digester, Digests
from lagan.kit.errors import BadInput, Locked, NotFound
from lagan.kit.files import Draft, sync_folder
from lagan.kit.holes import zeros
from lagan.store.errors import as_refusals
from lagan.store.layout import PIECE
from lagan.store.volume import Incoming


class PosixIncoming:
    """Bytes on their way into a folder."""

    def __init__(self, key: str, draft: Draft, digester: Digester, *, durable_name: bool) -> None:
        self.key = key
        self.draft = draft
        self.moved = False
        self.digester = digester
        self._durable_name = durable_name

    @property
    def size(self) -> int:
        """Bytes taken so far."""
        return self.draft.size

    def write(self, pieces: Sequence[Buffer]) -> None:
        """Take the next pieces: to the file, then into the digests while they are still in the
        cache."""
        with as_refusals(self.key):
            self.draft.write(pieces)
        for piece in pieces:
            self.digester.update(piece)

    def skip(self, count: int) -> None:
        """Take zeros without writing them."""
        with as_refusals(self.key):
            self.draft.skip(count)
        for piece in zeros(count):
            self.digester.update(piece)

    def checkpoint(self) -> None:
        """Return when all bytes so far can be resumed from after a power cut."""
        with as_refusals(self.key):
            self.draft.flush()
            if not self._durable_name:
                sync_folder(self.draft.path.parent)
                self._durable_name = True

    def digests(self) -> Digests:
        """The digests of all bytes so far."""
        return self.digester.result()

    def close(self) -> None:
        """Let the descriptor and the lock go."""
        with as_refusals(self.key):
            self.draft.close()

    def discard(self) -> None:
        """Remove what is still staged."""
        with as_refusals(self.key):
            if self.moved:
                self.draft.close()
            else:
                self.draft.discard()


def own(incoming: Incoming) -> PosixIncoming:
    """`incoming` if a folder made it and it was not published; else BadInput."""
    if not isinstance(incoming, PosixIncoming):
        raise BadInput("This was received by another kind of volume.")
    if incoming.moved:
        raise BadInput(f"Upload {incoming.key} was published before.")
    return incoming


def lock(draft: Draft, key: str) -> None:
    """Keep everybody else from writing it; Locked if somebody is."""
    try:
        fcntl.flock(draft.fileno(), fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        raise Locked(f"Upload {key} is being written by somebody else.") from None


def digested(
    draft: Draft, size: int, algorithms: Collection[str], known: Digester | None
) -> Digester:
    """Digests of exactly `size` bytes, what lies behind them cut off: `known` if it fits, else
    read."""
    if draft.size < size:
        raise NotFound(f"Only {draft.size} of {size} bytes are there.", size=draft.size)
    draft.cut(size)
    if known is not None and known.size == size:
        return known
    digester = Digester(algorithms)
    while digester.size < size:
        piece = os.pread(draft.fileno(), min(PIECE, size - digester.size), digester.size)
        if not piece:
            raise OSError(errno.EIO, "the file became shorter", str(draft.path))
        digester.update(piece)
    return digester


def flush(incoming: PosixIncoming) -> None:
    """Return when the bytes survive a power cut; NoSpace or Unavailable."""
    with as_refusals(incoming.key):
        incoming.draft.flush()
