"""A volume that tries again where the one behind it was out of reach for a moment."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Collection, Iterator, Sequence
from typing import TypeVar

from lagan.kit.digests import DEFAULT, Buffer, Digester
from lagan.kit.errors import Unavailable
from lagan.store.volume import Incoming, ObjectStat, Usage, Volume
from lagan.store.wrappers.through import Through

T = TypeVar("T")


class RetryVolume(Through):
    """Repeats what ended in Unavailable, `attempts` times in all, waiting twice as long each time.

    A read goes on where it stopped. A repeated append can write its lines twice; readers of a
    journal know lines by their ids. Writing into an incoming is not repeated: a failed one is begun
    again by whoever sends.
    """

    def __init__(
        self,
        inner: Volume,
        *,
        attempts: int = 4,
        first_wait: float = 0.1,
        sleep: Callable[[float], object] = time.sleep,
    ) -> None:
        super().__init__(inner)
        self._attempts = attempts
        self._first_wait = first_wait
        self._sleep = sleep

    def receive(self, key: str, *, algorithms: Collection[str] = DEFAULT) -> Incoming:
        """With retries."""
        return self._retry(lambda: self.inner.receive(key, algorithms=algorithms))

    def resume(
        self,
        key: str,
        *,
        size: int,
        algorithms: Collection[str] = DEFAULT,
        digester: Digester | None = None,
    ) -> Incoming:
        """With retries."""
        return self._retry(
            lambda: self.inner.resume(key, size=size, algorithms=algorithms, digester=digester)
        )

    def publish(self, arrivals: Sequence[tuple[Incoming, str]]) -> None:
        """With retries: a failed attempt has left nothing visible."""
        self._retry(lambda: super(RetryVolume, self).publish(arrivals))

    def read(self, name: str, offset: int = 0, length: int | None = None) -> Iterator[Buffer]:
        """Goes on where it stopped."""
        return self._go_on(name, offset, length, self._begin(name, offset, length))

    def stat(self, name: str) -> ObjectStat:
        """With retries."""
        return self._retry(lambda: self.inner.stat(name))

    def delete(self, name: str) -> bool:
        """With retries; False if an attempt that seemed to fail removed it."""
        return self._retry(lambda: self.inner.delete(name))

    def append(self, name: str, data: bytes) -> None:
        """With retries."""
        self._retry(lambda: self.inner.append(name, data))

    def replace(self, name: str, data: bytes) -> None:
        """With retries."""
        self._retry(lambda: self.inner.replace(name, data))

    def usage(self) -> Usage:
        """With retries."""
        return self._retry(self.inner.usage)

    def _retry(self, act: Callable[[], T]) -> T:
        for attempt in range(1, self._attempts):
            try:
                return act()
            except Unavailable:
                self._wait(attempt)
        return act()

    def _wait(self, attempt: int) -> None:
        spread = 0.5 + random.random()  # noqa: S311 - no secret, only to part those who wait
        self._sleep(self._first_wait * 2 ** (attempt - 1) * spread)

    def _begin(self, name: str, offset: int, length: int | None) -> Iterator[Buffer]:
        return self._retry(lambda: self.inner.read(name, offset, length))

    def _go_on(
        self, name: str, offset: int, length: int | None, pieces: Iterator[Buffer]
    ) -> Iterator[Buffer]:
        done, failures = 0, 0
        while True:
            try:
                for piece in pieces:
                    failures = 0
                    done += len(piece)
                    yield piece
                return
            except Unavailable:
                failures += 1
                if failures >= self._attempts:
                    raise
                self._wait(failures)
            left = None if length is None else length - done
            pieces = self._begin(name, offset + done, left)
