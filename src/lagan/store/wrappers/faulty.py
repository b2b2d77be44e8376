"""A volume that fails by plan: what stands behind the tests of everything that promises to survive
a bad disk."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, TypeVar

from lagan.kit.digests import DEFAULT, Buffer, Digester
from lagan.kit.errors import LaganError, NoSpace, NotFound, Unavailable
from lagan.store.volume import Incoming, ObjectStat, Usage, Volume
from lagan.store.wrappers.through import Through, ThroughIncoming

Kind = Literal["unavailable", "no-space", "missing", "short", "flip", "lost-answer"]
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Fault:
    """The `nth` (from 1) call named `call` (of those about `name`, if given) goes wrong.

    Calls are the methods of a volume, and `write` and `checkpoint` of an incoming. Kinds:
    unavailable, no-space and missing raise before anything happened; lost-answer raises Unavailable
    after it happened; short ends a read at byte `at`; flip inverts the lowest bit of byte `at` of a
    read.
    """

    call: str
    kind: Kind
    nth: int = 1
    name: str | None = None
    at: int = 0


class FaultyVolume(Through):
    """Carries out its plan once, call by call; `hits` are the faults that happened."""

    def __init__(self, inner: Volume, plan: Collection[Fault]) -> None:
        super().__init__(inner)
        self.hits: list[Fault] = []
        self._plan = tuple(plan)
        self._calls: Counter[Fault] = Counter()
        self._lock = threading.Lock()

    def receive(self, key: str, *, algorithms: Collection[str] = DEFAULT) -> Incoming:
        """With faults, in it and in the incoming."""
        inner = self._do("receive", key, lambda: self.inner.receive(key, algorithms=algorithms))
        return _Faulty(inner, self)

    def resume(
        self,
        key: str,
        *,
        size: int,
        algorithms: Collection[str] = DEFAULT,
        digester: Digester | None = None,
    ) -> Incoming:
        """With faults, in it and in the incoming."""
        inner = self._do(
            "resume",
            key,
            lambda: self.inner.resume(key, size=size, algorithms=algorithms, digester=digester),
        )
        return _Faulty(inner, self)

    def publish(self, arrivals: Sequence[tuple[Incoming, str]]) -> None:
        """With faults; one that names an object strikes every call which has it."""
        names = [name for _, name in arrivals]
        self._do("publish", names, lambda: super(FaultyVolume, self).publish(arrivals))

    def read(self, name: str, offset: int = 0, length: int | None = None) -> Iterator[Buffer]:
        """With faults; the place of a flip or cut is counted from the object's beginning."""
        fault = self._next("read", name)
        if fault is None:
            return self.inner.read(name, offset, length)
        if fault.kind == "short":
            return self.inner.read(name, offset, max(fault.at - offset, 0))
        if fault.kind == "flip":
            return _flipped(self.inner.read(name, offset, length), fault.at - offset)
        raise _refusal(fault)

    def stat(self, name: str) -> ObjectStat:
        """With faults."""
        return self._do("stat", name, lambda: self.inner.stat(name))

    def list(self, prefix: str = "") -> Iterator[ObjectStat]:
        """With faults."""
        return self._do("list", prefix, lambda: self.inner.list(prefix))

    def delete(self, name: str) -> bool:
        """With faults."""
        return self._do("delete", name, lambda: self.inner.delete(name))

    def append(self, name: str, data: bytes) -> None:
        """With faults."""
        self._do("append", name, lambda: self.inner.append(name, data))

    def replace(self, name: str, data: bytes) -> None:
        """With faults."""
        self._do("replace", name, lambda: self.inner.replace(name, data))

    def usage(self) -> Usage:
        """With faults."""
        return self._do("usage", "", self.inner.usage)

    def local_path(self, name: str) -> Path | None:
        """None: every read must come by here."""
        return None

    def _do(self, call: str, name: str | Sequence[str], act: Callable[[], T]) -> T:
        fault = self._next(call, name)
        if fault is None:
            return act()
        if fault.kind == "lost-answer":
            act()
        raise _refusal(fault)

    def _next(self, call: str, name: str | Sequence[str]) -> Fault | None:
        names = (name,) if isinstance(name, str) else name
        with self._lock:
            about = [
                fault
                for fault in self._plan
                if fault.call == call and (fault.name is None or fault.name in names)
            ]
            self._calls.update(about)
            due = [fault for fault in about if self._calls[fault] == fault.nth]
            self.hits += due[:1]
        return due[0] if due else None


class _Faulty(ThroughIncoming):
    def __init__(self, inner: Incoming, volume: FaultyVolume) -> None:
        super().__init__(inner)
        self._volume = volume

    def write(self, pieces: Sequence[Buffer]) -> None:
        self._volume._do("write", self.key, lambda: self.inner.write(pieces))

    def checkpoint(self) -> None:
        self._volume._do("checkpoint", self.key, self.inner.checkpoint)


def _refusal(fault: Fault) -> LaganError:
    kinds: dict[str, type[LaganError]] = {"no-space": NoSpace, "missing": NotFound}
    return kinds.get(fault.kind, Unavailable)(f"Planned: {fault.call} is {fault.kind}.")


def _flipped(pieces: Iterator[Buffer], at: int) -> Iterator[Buffer]:
    for piece in pieces:
        if 0 <= at < len(piece):
            changed = bytearray(piece)
            changed[at] ^= 1
            yield changed
        else:
            yield piece
        at -= len(piece)
