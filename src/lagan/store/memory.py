"""A volume in this process's memory, for tests and trials: the same promises but durability."""

from __future__ import annotations

import threading
import time
from collections.abc import Collection, Iterator, Sequence
from pathlib import Path

from lagan.kit.digests import DEFAULT, Buffer, Digester, Digests
from lagan.kit.errors import BadInput, Conflict, NotFound
from lagan.store.layout import OWN, PIECE, check_any, check_key, check_object, check_own
from lagan.store.volume import Capabilities, Incoming, ObjectStat, Usage


class MemoryIncoming:
    """Bytes on their way into memory."""

    def __init__(self, volume: MemoryVolume, key: str, data: bytearray, digester: Digester) -> None:
        self.key = key
        self.data = data
        self._volume = volume
        self.digester = digester

    @property
    def size(self) -> int:
        """Bytes taken so far."""
        return len(self.data)

    def write(self, pieces: Sequence[Buffer]) -> None:
        """Copy the next pieces."""
        for piece in pieces:
            self.data += piece
            self.digester.update(piece)

    def checkpoint(self) -> None:
        """Nothing to do: memory survives no power cut."""

    def digests(self) -> Digests:
        """The digests of all bytes so far."""
        return self.digester.result()

    def close(self) -> None:
        """Nothing to let go."""

    def discard(self) -> None:
        """Forget the bytes if they were not published."""
        self._volume.forget(self)


class MemoryVolume:
    """Objects in a dictionary. Volumes of the same name in one process are the same volume."""

    capabilities = Capabilities(durable=False)
    _named: dict[str, MemoryVolume] = {}  # noqa: RUF012 - the registry is meant to be shared

    def __init__(self, name: str) -> None:
        self.location = f"memory:{name}"
        self._objects: dict[str, tuple[bytes, float]] = {}
        self._incoming: dict[str, MemoryIncoming] = {}
        self._lock = threading.RLock()

    @classmethod
    def named(cls, name: str) -> MemoryVolume:
        """The volume of that name, made when it is first asked for."""
        return cls._named.setdefault(name, cls(name))

    def receive(self, key: str, *, algorithms: Collection[str] = DEFAULT) -> Incoming:
        """Begin under a key that nobody uses."""
        with self._lock:
            if check_key(key) in self._incoming:
                raise Conflict(f"Exists already: upload {key}.")
            fresh = MemoryIncoming(self, key, bytearray(), Digester(algorithms))
            self._incoming[key] = fresh
            return fresh

    def resume(
        self,
        key: str,
        *,
        size: int,
        algorithms: Collection[str] = DEFAULT,
        digester: Digester | None = None,
    ) -> Incoming:
        """Go on after `size` bytes."""
        with self._lock:
            found = self._incoming.get(check_key(key))
            if found is None or found.size < size:
                raise NotFound(f"Not there: {size} bytes of upload {key}.")
            data = found.data[:size]
            if digester is None or digester.size != size:
                digester = Digester(algorithms)
                digester.update(bytes(data))
            again = MemoryIncoming(self, key, data, digester)
            self._incoming[key] = again
            return again

    def pending(self) -> Iterator[ObjectStat]:
        """What is neither published nor discarded."""
        with self._lock:
            found = [
                ObjectStat(each.key, each.size, time.time()) for each in self._incoming.values()
            ]
        return iter(found)

    def publish(self, arrivals: Sequence[tuple[Incoming, str]]) -> None:
        """All names at once, under one lock."""
        names = [check_object(name) for _, name in arrivals]
        with self._lock:
            self._refuse_taken(names)
            for incoming, _ in arrivals:
                known: Incoming | None = self._incoming.get(incoming.key)
                if known is not incoming:
                    raise BadInput(f"Upload {incoming.key} was published or discarded before.")
            for incoming, name in arrivals:
                done = self._incoming.pop(incoming.key)
                self._objects[name] = (bytes(done.data), time.time())

    def read(self, name: str, offset: int = 0, length: int | None = None) -> Iterator[Buffer]:
        """Pieces of 1 MiB."""
        data = self._get(name)[0]
        end = len(data) if length is None else min(len(data), offset + length)
        return (data[at : min(at + PIECE, end)] for at in range(offset, end, PIECE))

    def stat(self, name: str) -> ObjectStat:
        """Size and time."""
        data, modified = self._get(name)
        return ObjectStat(name, len(data), modified)

    def list(self, prefix: str = "") -> Iterator[ObjectStat]:
        """A look at all names at this moment."""
        with self._lock:
            found = [
                ObjectStat(name, len(data), modified)
                for name, (data, modified) in self._objects.items()
                if name.startswith(prefix) and (prefix.startswith(OWN) or not name.startswith(OWN))
            ]
        return iter(found)

    def delete(self, name: str) -> bool:
        """Forget the object."""
        with self._lock:
            return self._objects.pop(check_any(name), None) is not None

    def append(self, name: str, data: bytes) -> None:
        """Add under the lock."""
        with self._lock:
            old = self._objects.get(check_own(name), (b"", 0.0))[0]
            self._objects[name] = (old + data, time.time())

    def replace(self, name: str, data: bytes) -> None:
        """Put the new content in the old one's place."""
        with self._lock:
            self._objects[check_own(name)] = (bytes(data), time.time())

    def usage(self) -> Usage:
        """Unknown."""
        return Usage(None, None)

    def local_path(self, name: str) -> Path | None:
        """None: there are no files."""
        return None

    def forget(self, incoming: MemoryIncoming) -> None:
        """Drop an upload that was not published."""
        with self._lock:
            if self._incoming.get(incoming.key) is incoming:
                del self._incoming[incoming.key]

    def damage(self, name: str, data: bytes) -> None:
        """Put other bytes in an object's place, as a failing disk would. For trials of checks and
        healing."""
        with self._lock:
            self._objects[name] = (bytes(data), self._get(name)[1])

    def _get(self, name: str) -> tuple[bytes, float]:
        with self._lock:
            found = self._objects.get(check_any(name))
        if found is None:
            raise NotFound(f"Not there: {name}.")
        return found

    def _refuse_taken(self, names: Sequence[str]) -> None:
        taken = [name for name in names if name in self._objects]
        if taken or len(set(names)) != len(names):
            raise Conflict(f"Exists already: {(taken or names)[0]}.")
