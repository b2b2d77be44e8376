"""Content files are read once each, some at a time, and compared with every digest that is known of
them."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

from lagan.kit.errors import LaganError, Unavailable
from lagan.kit.paths import open_beneath
from lagan.ocfl.findings import At
from lagan.ocfl.terms import DIGESTS

Expected = dict[str, dict[tuple[str, str], str]]
"""By content path: algorithm and digest, and the code of the rule that wants them."""
Progress = Callable[[int], object]
_PIECE = 1 << 20


class Reading:
    """Reads files in threads; findings are taken in by the thread that hands them over."""

    def __init__(self, pool: ThreadPoolExecutor, ahead: int, progress: Progress) -> None:
        self._pool, self._ahead, self._progress = pool, ahead, progress
        self._pending: deque[tuple[Future[tuple[int, dict[str, str]]], Callable[..., None]]]
        self._pending = deque()

    def take(self, folder: Path, path: str, wanted: Mapping[tuple[str, str], str], at: At) -> None:
        """Have a file read and compared, now or soon."""
        names = {algorithm for algorithm, _ in wanted}

        def compare(size: int, found: Mapping[str, str]) -> None:
            at.findings.files += 1
            at.findings.bytes += size
            for (algorithm, digest), code in wanted.items():
                if found[algorithm] != digest:
                    at(
                        code,
                        f"The file {path!r} does not have the {algorithm} that is known of it.",
                    )

        def failed(refusal: LaganError) -> None:
            at("E092", f"The file {path!r} cannot be read: {refusal.sentence}")

        def done(future: Future[tuple[int, dict[str, str]]]) -> None:
            try:
                compare(*future.result())
            except LaganError as refusal:
                failed(refusal)

        self._pending.append((self._pool.submit(_read, folder, path, names), done))
        while len(self._pending) > self._ahead:
            self._deliver()

    def finish(self) -> None:
        """Return when everything was compared."""
        while self._pending:
            self._deliver()

    def _deliver(self) -> None:
        future, done = self._pending.popleft()
        done(future)
        if future.exception() is None:
            self._progress(future.result()[0])


def _read(folder: Path, path: str, names: set[str]) -> tuple[int, dict[str, str]]:
    running = {name: DIGESTS[name]() for name in names}
    size = 0
    try:
        flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK
        descriptor = open_beneath(folder, path, flags, native=True)
        try:
            while piece := os.read(descriptor, _PIECE):
                size += len(piece)
                for each in running.values():
                    each.update(piece)
        finally:
            os.close(descriptor)
    except OSError as error:
        raise Unavailable(f"{error.strerror}.") from None
    return size, {name: each.hexdigest() for name, each in running.items()}
