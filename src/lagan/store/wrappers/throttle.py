"""A volume whose bytes pass at a limited rate, both ways together."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from pathlib import Path

from lagan.kit.digests import DEFAULT, Buffer, Digester
from lagan.store.rate import Throttle
from lagan.store.volume import Incoming, Volume
from lagan.store.wrappers.through import Through, ThroughIncoming


class ThrottledVolume(Through):
    """Waits before it hands on what was read and what is to be written. The journal is not
    slowed."""

    def __init__(self, inner: Volume, rate: Throttle) -> None:
        super().__init__(inner)
        self._rate = rate

    def receive(self, key: str, *, algorithms: Collection[str] = DEFAULT) -> Incoming:
        """An incoming that waits for its turn."""
        return _Throttled(self.inner.receive(key, algorithms=algorithms), self._rate)

    def resume(
        self,
        key: str,
        *,
        size: int,
        algorithms: Collection[str] = DEFAULT,
        digester: Digester | None = None,
    ) -> Incoming:
        """An incoming that waits for its turn."""
        return _Throttled(
            self.inner.resume(key, size=size, algorithms=algorithms, digester=digester), self._rate
        )

    def read(self, name: str, offset: int = 0, length: int | None = None) -> Iterator[Buffer]:
        """Pieces at the given rate."""
        return self._slowly(self.inner.read(name, offset, length))

    def local_path(self, name: str) -> Path | None:
        """None: a reader of the file itself would pass the limit by."""
        return None

    def _slowly(self, pieces: Iterator[Buffer]) -> Iterator[Buffer]:
        for piece in pieces:
            self._rate.take(len(piece))
            yield piece


class _Throttled(ThroughIncoming):
    def __init__(self, inner: Incoming, rate: Throttle) -> None:
        super().__init__(inner)
        self._rate = rate

    def write(self, pieces: Sequence[Buffer]) -> None:
        self._rate.take(sum(memoryview(piece).nbytes for piece in pieces))
        self.inner.write(pieces)
