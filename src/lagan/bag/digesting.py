"""All digests of many files in one pass over them: small files many at a time, a large one with
each algorithm in a thread of its own.

One thread hands files over in order and gets results back in that order; hashlib lets go of the
GIL.
"""

from __future__ import annotations

import os
import threading
from collections import deque
from collections.abc import Callable, Collection, Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from types import TracebackType
from typing import Any

from lagan.bag.algorithms import Hash, new_hash
from lagan.kit.digests import Buffer
from lagan.kit.sizes import MIB

LARGE = 8 * MIB
"""Bytes from which on a file is not held in memory as a whole."""
_BATCH_BYTES, _BATCH_FILES = 8 * MIB, 256
"""What one thread digests at a time."""
_PIECES_WAITING = 8
"""Pieces of about 1 MiB that a running digest may be behind."""

Hexes = dict[str, str]
Done = Callable[[Hexes], None]


class Strand:
    """Acts that run one after the other, in some thread of a pool."""

    def __init__(self, pool: ThreadPoolExecutor) -> None:
        self._pool = pool
        self._room = threading.Semaphore(_PIECES_WAITING)
        self._lock = threading.Lock()
        self._acts: deque[Callable[[], object]] = deque()
        self._running = False

    def put(self, act: Callable[[], object]) -> None:
        """Run `act` after all before it; waits while too many are waiting."""
        self._room.acquire()
        with self._lock:
            self._acts.append(act)
            if self._running:
                return
            self._running = True
        self._pool.submit(self._run)

    def _run(self) -> None:
        while True:
            with self._lock:
                if not self._acts:
                    self._running = False
                    return
                act = self._acts.popleft()
            act()
            self._room.release()


class RunningDigests:
    """The digests of one long run of bytes, each algorithm on a strand of its own."""

    def __init__(self, pool: ThreadPoolExecutor, algorithms: Collection[str]) -> None:
        self._lanes = {name: (Strand(pool), new_hash(name)) for name in algorithms}

    def update(self, piece: Buffer) -> None:
        """Take the next bytes, which must not change any more."""
        for strand, running in self._lanes.values():
            strand.put(lambda running=running: running.update(piece))  # type: ignore[misc]

    def finish(self) -> dict[str, Future[str]]:
        """The digests in hex, as soon as they are there."""
        return {name: _last(strand, running) for name, (strand, running) in self._lanes.items()}


def _last(strand: Strand, running: Hash) -> Future[str]:
    future: Future[str] = Future()
    strand.put(lambda: future.set_result(running.hexdigest()))
    return future


class Digesting:
    """Digests of files, computed by `threads` threads. A context; for one thread at a time."""

    def __init__(self, threads: int | None = None) -> None:
        count = threads or os.cpu_count() or 1
        # Two more than there are cores: a strand that waits for bytes must not hold up the others.
        self._pool = ThreadPoolExecutor(count + 2, thread_name_prefix="bag")
        self._ahead = 2 * count
        self._batch: list[tuple[Collection[str], list[Buffer], Done]] = []
        self._batch_bytes = 0
        self._pending: deque[Callable[[], None]] = deque()

    def __enter__(self) -> Digesting:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._pool.shutdown(cancel_futures=error is not None)

    def running(self, algorithms: Collection[str]) -> RunningDigests:
        """Digests of bytes that come piece by piece."""
        return RunningDigests(self._pool, algorithms)

    def submit(self, act: Callable[[], Any]) -> Future[Any]:
        """Run something else in the pool."""
        return self._pool.submit(act)

    def take(self, algorithms: Collection[str], pieces: Iterable[Buffer], done: Done) -> int:
        """Digest one file; `done` is called later, in this thread. The file's size in bytes."""
        held: list[Buffer] = []
        size = 0
        running = None
        for piece in pieces:
            size += len(piece)
            if running is None:
                held.append(piece)
                if size >= LARGE:
                    running = self._start(algorithms, held)
            else:
                running.update(piece)
        if running is None:
            self._add(algorithms, held, size, done)
        else:
            self._wait_for(running.finish(), done)
        return size

    def finish(self) -> None:
        """Return when every `done` was called."""
        self._send_batch()
        while self._pending:
            self._pending.popleft()()

    def _start(self, algorithms: Collection[str], held: list[Buffer]) -> RunningDigests:
        self._send_batch()
        running = self.running(algorithms)
        for piece in held:
            running.update(piece)
        return running

    def _wait_for(self, futures: dict[str, Future[str]], done: Done) -> None:
        self._queue(lambda: done({name: each.result() for name, each in futures.items()}))

    def _add(self, algorithms: Collection[str], held: list[Buffer], size: int, done: Done) -> None:
        self._batch.append((algorithms, held, done))
        self._batch_bytes += size
        if self._batch_bytes >= _BATCH_BYTES or len(self._batch) >= _BATCH_FILES:
            self._send_batch()

    def _send_batch(self) -> None:
        if not self._batch:
            return
        batch, self._batch, self._batch_bytes = self._batch, [], 0
        dones = [done for _, _, done in batch]
        future = self._pool.submit(_digest_all, [(names, held) for names, held, _ in batch])

        def deliver() -> None:
            for done, hexes in zip(dones, future.result(), strict=True):
                done(hexes)

        self._queue(deliver)

    def _queue(self, deliver: Callable[[], None]) -> None:
        self._pending.append(deliver)
        while len(self._pending) > self._ahead:
            self._pending.popleft()()


def _digest_all(files: list[tuple[Collection[str], list[Buffer]]]) -> list[Hexes]:
    return [{name: _digest(name, held) for name in names} for names, held in files]


def _digest(name: str, held: list[Buffer]) -> str:
    running = new_hash(name)
    for piece in held:
        running.update(piece)
    return running.hexdigest()
