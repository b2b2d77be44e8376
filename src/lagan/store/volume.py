"""The Volume protocol: what a place for bytes must promise, whatever it is made of.

Names of objects are relative POSIX paths of printable text without `.`, `..`, empty or hidden
parts, except beneath `.lagan/`, which holds what a volume says about itself. Objects never change
once published. All calls block and may be made from any thread; one `Incoming` belongs to one
thread at a time.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol, runtime_checkable

from lagan.kit.digests import DEFAULT, Buffer, Digester, Digests


@dataclass(frozen=True, slots=True)
class ObjectStat:
    """One object: its name, its size in bytes, when it was last written (seconds since the
    epoch)."""

    name: str
    size: int
    modified: float


@dataclass(frozen=True, slots=True)
class Usage:
    """Bytes in all and bytes free; None where the backend cannot know (buckets)."""

    total: int | None
    free: int | None


@dataclass(frozen=True, slots=True)
class Capabilities:
    """What a backend can do beyond the protocol, as data."""

    durable: bool = True
    """What is published survives a power cut. False for memory."""
    appends: bool = True
    """Small appends are cheap. Where not, journals are written as one object per commit."""


class Incoming(Protocol):
    """Bytes on their way in, visible to nobody until the volume publishes them."""

    @property
    def key(self) -> str:
        """What it is called until it is published."""

    @property
    def size(self) -> int:
        """Bytes taken so far."""

    def write(self, pieces: Sequence[Buffer]) -> None:
        """Take the next pieces, digest them, start their way to the disk. NoSpace or Unavailable on
        failure."""

    def checkpoint(self) -> None:
        """Return when all bytes taken so far survive a power cut and can be resumed from."""

    def digests(self) -> Digests:
        """The digests of all bytes taken so far."""

    @property
    def digester(self) -> Digester:
        """The running digests; keep them to `resume` without reading everything again."""

    def close(self) -> None:
        """Let go of memory and descriptors; what was checkpointed can be resumed."""

    def discard(self) -> None:
        """Leave nothing behind. May be called at any time, more than once."""


class Volume(Protocol):
    """A place for bytes."""

    @property
    def location(self) -> str:
        """How to open it again: `posix:/srv/a`, `s3://bucket/prefix`, `memory:name`.
        Never holds a secret."""

    @property
    def capabilities(self) -> Capabilities:
        """What it can do beyond the protocol."""

    def receive(self, key: str, *, algorithms: Collection[str] = DEFAULT) -> Incoming:
        """Begin to take bytes under `key` (letters, digits and dashes). Conflict if that key is in
        use."""

    def resume(
        self,
        key: str,
        *,
        size: int,
        algorithms: Collection[str] = DEFAULT,
        digester: Digester | None = None,
    ) -> Incoming:
        """Go on after `size` bytes: what came later is cut off, what came before is read again for
        its digests, unless `digester` has taken exactly those bytes.

        NotFound if there are fewer than `size` bytes under that key. Locked if somebody else is
        writing it.
        """

    def pending(self) -> Iterator[ObjectStat]:
        """What was received and neither published nor discarded; names are keys."""

    def publish(self, arrivals: Sequence[tuple[Incoming, str]]) -> None:
        """Give each incoming its name, all sharing their flushes; return when all survive a power
        cut.

        Conflict if a name exists: objects are never overwritten. On any error nothing of this call
        is visible.
        """

    def read(self, name: str, offset: int = 0, length: int | None = None) -> Iterator[Buffer]:
        """The object's bytes from `offset`, in pieces of about 1 MiB. NotFound; Unavailable on an
        I/O error."""

    def stat(self, name: str) -> ObjectStat:
        """Size and time of one object. NotFound."""

    def list(self, prefix: str = "") -> Iterator[ObjectStat]:
        """All published objects whose names begin so, in no promised order, without `.lagan/`
        unless asked for."""

    def delete(self, name: str) -> bool:
        """Remove an object durably; whether there was one."""

    def append(self, name: str, data: bytes) -> None:
        """Add to a file beneath `.lagan/`; return when it is on stable storage. Whole lines only:
        appends of different processes never interleave."""

    def replace(self, name: str, data: bytes) -> None:
        """Write a small file beneath `.lagan/` as a whole, atomically and durably."""

    def usage(self) -> Usage:
        """Room in all and free, bytes."""

    def local_path(self, name: str) -> Path | None:
        """Where the kernel can open the object, or None for backends without paths."""


@runtime_checkable
class Skips(Protocol):
    """An incoming that need not be told every zero."""

    def skip(self, count: int) -> None:
        """Take `count` zeros, which become a hole where the volume has holes."""


@runtime_checkable
class ReplacesMany(Protocol):
    """A volume to which many small files come at the cost of a few flushes."""

    def replace_many(self, entries: Sequence[tuple[str, bytes]]) -> None:
        """As `Volume.replace` of each name and its data, sharing their flushes. On an error each
        file is the old or the new one."""
