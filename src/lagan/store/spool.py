"""What places have in common that take whole objects only: where bytes wait on a local disk, what
names are called there, and how what was added in pieces is read as one."""

from __future__ import annotations

import os
from abc import ABC, abstractmethod
from collections.abc import Collection, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import AbstractContextManager, nullcontext, suppress
from hashlib import sha256
from pathlib import Path

from lagan.kit.digests import DEFAULT, Buffer, Digester
from lagan.kit.errors import Conflict, LaganError
from lagan.kit.files import make_folders
from lagan.store.errors import as_refusals
from lagan.store.layout import INCOMING, check_object
from lagan.store.posix import PosixVolume
from lagan.store.staging import PosixIncoming, own
from lagan.store.volume import Incoming, ObjectStat


class Spooled(ABC):
    """The half of a volume that stands on a local disk: what is coming in waits there, and goes
    away whole when it is published."""

    def __init__(self, spool: Path, senders: int) -> None:
        """`senders`: objects on their way at the same time."""
        with as_refusals(str(spool)):
            make_folders(spool / INCOMING)
        self._spool = PosixVolume(spool)
        self._senders = ThreadPoolExecutor(senders, "send")

    def receive(self, key: str, *, algorithms: Collection[str] = DEFAULT) -> Incoming:
        """Begin on the local disk."""
        return self._spool.receive(key, algorithms=algorithms)

    def resume(
        self,
        key: str,
        *,
        size: int,
        algorithms: Collection[str] = DEFAULT,
        digester: Digester | None = None,
    ) -> Incoming:
        """Go on, on the local disk."""
        return self._spool.resume(key, size=size, algorithms=algorithms, digester=digester)

    def pending(self) -> Iterator[ObjectStat]:
        """What waits on the local disk of this machine."""
        return self._spool.pending()

    def publish(self, arrivals: Sequence[tuple[Incoming, str]]) -> None:
        """Send several at a time; if one fails, take back those that were sent."""
        moves = [(own(incoming), check_object(name)) for incoming, name in arrivals]
        names = [name for _, name in moves]
        if len(set(names)) != len(names):
            raise Conflict("Two of these would have the same name.")
        with self._alone(names):
            self._send_all(moves)
        for incoming, _ in moves:
            incoming.discard()

    def _send_all(self, moves: Sequence[tuple[PosixIncoming, str]]) -> None:
        sent = [self._senders.submit(self._send, incoming, name) for incoming, name in moves]
        wait(sent)
        failures = [error for each in sent if (error := each.exception()) is not None]
        if not failures:
            return
        for each, (_, name) in zip(sent, moves, strict=True):
            if each.exception() is None:
                with suppress(LaganError):
                    self.delete(name)
        raise failures[0]

    def _alone(self, names: Sequence[str]) -> AbstractContextManager[None]:
        """Whoever cannot refuse a name that is taken keeps others of this process away from it."""
        return nullcontext()

    @abstractmethod
    def _send(self, incoming: PosixIncoming, name: str) -> None:
        """Bring one object there, under a name that was free. Conflict."""

    @abstractmethod
    def delete(self, name: str) -> bool:
        """As `Volume.delete`."""


def default_spool(place: str) -> Path:
    """The folder for what goes to `place`: beneath LAGAN_SPOOL, or in a place that survives a
    restart."""
    base = os.environ.get("LAGAN_SPOOL") or "/var/tmp/lagan-spool"  # noqa: S108
    return Path(base) / sha256(place.encode()).hexdigest()[:16]


def between(pieces: Iterator[Buffer], start: int, end: int | None) -> Iterator[Buffer]:
    """Of `pieces` one after the other, the bytes from `start` to `end`, all when None."""
    at = 0
    for piece in pieces:
        view = memoryview(piece)
        low, high = max(start - at, 0), view.nbytes if end is None else min(view.nbytes, end - at)
        at += view.nbytes
        if low < high:
            yield view[low:high]
        if end is not None and at >= end:
            return


def key_of(name: str) -> str:
    """An object's name as servers get it: without the backslash, which some take for a slash."""
    return name.replace("%", "%25").replace("\\", "%5C")


def name_of(key: str) -> str:
    """The name that `key_of` made a key of."""
    return key.replace("%5C", "\\").replace("%25", "%")
