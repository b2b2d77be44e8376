"""What every wrapper does unless it says otherwise: pass the call to the volume behind it."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from pathlib import Path

from lagan.kit.digests import DEFAULT, Buffer, Digester, Digests
from lagan.store.volume import Capabilities, Incoming, ObjectStat, Usage, Volume


class Through:
    """A volume that is another volume."""

    def __init__(self, inner: Volume) -> None:
        self.inner = inner

    @property
    def location(self) -> str:
        """That of the volume behind."""
        return self.inner.location

    @property
    def capabilities(self) -> Capabilities:
        """Those of the volume behind."""
        return self.inner.capabilities

    def receive(self, key: str, *, algorithms: Collection[str] = DEFAULT) -> Incoming:
        """As the volume behind."""
        return self.inner.receive(key, algorithms=algorithms)

    def resume(
        self,
        key: str,
        *,
        size: int,
        algorithms: Collection[str] = DEFAULT,
        digester: Digester | None = None,
    ) -> Incoming:
        """As the volume behind."""
        return self.inner.resume(key, size=size, algorithms=algorithms, digester=digester)

    def pending(self) -> Iterator[ObjectStat]:
        """As the volume behind."""
        return self.inner.pending()

    def publish(self, arrivals: Sequence[tuple[Incoming, str]]) -> None:
        """As the volume behind, with the incomings that it made."""
        self.inner.publish([(_inmost(incoming), name) for incoming, name in arrivals])

    def read(self, name: str, offset: int = 0, length: int | None = None) -> Iterator[Buffer]:
        """As the volume behind."""
        return self.inner.read(name, offset, length)

    def stat(self, name: str) -> ObjectStat:
        """As the volume behind."""
        return self.inner.stat(name)

    def list(self, prefix: str = "") -> Iterator[ObjectStat]:
        """As the volume behind."""
        return self.inner.list(prefix)

    def delete(self, name: str) -> bool:
        """As the volume behind."""
        return self.inner.delete(name)

    def append(self, name: str, data: bytes) -> None:
        """As the volume behind."""
        self.inner.append(name, data)

    def replace(self, name: str, data: bytes) -> None:
        """As the volume behind."""
        self.inner.replace(name, data)

    def usage(self) -> Usage:
        """As the volume behind."""
        return self.inner.usage()

    def local_path(self, name: str) -> Path | None:
        """As the volume behind; None in wrappers that must see every read."""
        return self.inner.local_path(name)


class ThroughIncoming:
    """An incoming that is another incoming."""

    def __init__(self, inner: Incoming) -> None:
        self.inner = inner

    @property
    def key(self) -> str:
        """That of the incoming behind."""
        return self.inner.key

    @property
    def size(self) -> int:
        """That of the incoming behind."""
        return self.inner.size

    def write(self, pieces: Sequence[Buffer]) -> None:
        """As the incoming behind."""
        self.inner.write(pieces)

    def checkpoint(self) -> None:
        """As the incoming behind."""
        self.inner.checkpoint()

    def digests(self) -> Digests:
        """As the incoming behind."""
        return self.inner.digests()

    @property
    def digester(self) -> Digester:
        """That of the incoming behind."""
        return self.inner.digester

    def close(self) -> None:
        """As the incoming behind."""
        self.inner.close()

    def discard(self) -> None:
        """As the incoming behind."""
        self.inner.discard()


def _inmost(incoming: Incoming) -> Incoming:
    while isinstance(incoming, ThroughIncoming):
        incoming = incoming.inner
    return incoming
