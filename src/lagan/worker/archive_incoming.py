"""Bytes on their way from a site to the archive: in memory while they are few, else at the hub."""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress

from lagan.kit.digests import Buffer, Digester, Digests
from lagan.kit.errors import LaganError, Unavailable
from lagan.kit.http import Http
from lagan.worker.archive_hub import ArchiveHub
from lagan.worker.archive_wire import SMALL

STRETCH = 8 << 20
"""Bytes of one request: some tenths of a second of a fast network; twice as many are in memory."""
MOST_IN_MEMORY = 64 << 20
"""Bytes of small objects that wait in memory; what comes beyond goes to the hub at once."""


class Memory:
    """The bytes that wait in memory, of all incomings of a volume together."""

    def __init__(self) -> None:
        self._held = 0
        self._lock = threading.Lock()

    def take(self, count: int) -> bool:
        """Whether there is room for so many more; then they are counted."""
        with self._lock:
            if self._held + count > MOST_IN_MEMORY:
                return False
            self._held += count
            return True

    def give_back(self, count: int) -> None:
        """So many are there no more."""
        with self._lock:
            self._held -= count


class ArchiveIncoming:
    """Bytes on their way to the archive; see `lagan.store.volume.Incoming`."""

    def __init__(
        self,
        key: str,
        hub: ArchiveHub,
        memory: Memory,
        digester: Digester | None,
        *,
        writer: str | None = None,
        size: int = 0,
    ) -> None:
        """`writer` is the hub's word for who goes on with what it has: `size` bytes. Without
        `digester` the hub tells the digests."""
        self.key, self.size, self.writer = key, size, writer
        self.begun = time.time()
        self.waits = True
        """Whether it is neither published nor discarded nor closed."""
        self.data = bytearray()
        self._hub, self._memory, self._digester = hub, memory, digester
        self._held = 0
        self._http: Http | None = None
        self._sender: ThreadPoolExecutor | None = None
        self._sending: Future[None] | None = None
        self._at = size
        self._told: Digests | None = None

    @property
    def digester(self) -> Digester:
        """The running digests; an empty one when only the hub knows them."""
        return Digester() if self._digester is None else self._digester

    def __del__(self) -> None:
        self._memory.give_back(self._held)
        self._held = 0

    def write(self, pieces: Sequence[Buffer]) -> None:
        """Into memory, and from there to the hub when it is much."""
        for piece in pieces:
            if self._digester is not None:
                self._digester.update(piece)
            count = memoryview(piece).nbytes
            if self.writer is None and (
                len(self.data) + count > SMALL or not self._memory.take(count)
            ):
                self.stage()
            if self.writer is None:
                self._held += count
            self.data += piece
            self.size += count
        while self.writer is not None and len(self.data) >= STRETCH:
            self._send(bytes(self.data[:STRETCH]))
            del self.data[:STRETCH]

    def stage(self) -> None:
        """From now on at the hub."""
        if self.writer is None:
            self.writer = str(self._hub.say("begin", key=self.key)["writer"])
            self._let_go_of_memory()

    def arrive(self) -> None:
        """Return when all bytes of a large one are at the hub."""
        if self.writer is None:
            return
        if self.data:
            self._send(bytes(self.data))
            self.data.clear()
        self._await_sent()

    def checkpoint(self) -> None:
        """At the hub, and on its disks."""
        self.stage()
        self.arrive()
        self._hub.say("checkpoint", key=self.key, writer=self.writer)

    def digests(self) -> Digests:
        """Our own; else those of the hub."""
        if self._digester is not None:
            return self._digester.result()
        if self._told is None or self._told.size != self.size:
            self.arrive()
            self._told = Digests(**self._hub.say("digests", key=self.key, writer=self.writer))
        return self._told

    def close(self) -> None:
        """Let go; what the hub has can be gone on with."""
        with suppress(LaganError):
            self._await_sent()
        self._end()

    def discard(self) -> None:
        """Forget the bytes here and at the hub. What somebody else goes on with is theirs."""
        if self.waits and self.writer is not None:
            with suppress(LaganError):
                self._await_sent()
            try:
                self._hub.say("discard", key=self.key, writer=self.writer)
            except Unavailable:
                raise
            except LaganError:
                pass  # gone, or another's
        self._end()

    def published(self) -> None:
        """The hub has given it its name."""
        self._end()

    def connection(self) -> Http:
        """The one that its bytes go by."""
        if self._http is None:
            self._http = self._hub.connection()
        return self._http

    def _send(self, data: bytes) -> None:
        """Send while the next bytes are gathered."""
        self._await_sent()
        if self._sender is None:
            self._sender = ThreadPoolExecutor(1, "to-archive")
        writer, at, http = self.writer or "", self._at, self.connection()
        self._at += len(data)
        self._sending = self._sender.submit(self._hub.send, self.key, writer, at, data, http)

    def _await_sent(self) -> None:
        sending, self._sending = self._sending, None
        if sending is not None:
            sending.result()

    def _let_go_of_memory(self) -> None:
        self._memory.give_back(self._held)
        self._held = 0

    def _end(self) -> None:
        self.waits = False
        self.data = bytearray()
        self._let_go_of_memory()
        if self._sender is not None:
            self._sender.shutdown(wait=True)
            self._sender = None
        if self._http is not None:
            self._http.close()
            self._http = None
