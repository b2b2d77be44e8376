"""Files of a dataset as streams, one after the other; small ones are fetched some at a time before
they are asked for."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from lagan.kit.errors import DigestMismatch
from lagan.kit.paths import check_relative

if TYPE_CHECKING:
    from lagan.client.hub import Hub

SMALL = 1 << 20
"""Bytes up to which a file is fetched ahead."""
WINDOW = 16
"""Files that are held at most, so at most 16 MiB."""
THREADS = 4


@dataclass(frozen=True, slots=True)
class Remote:
    """A file of a dataset as the hub lists it; `sha256` is None where the hub took another
    digest."""

    path: str
    size: int
    sha256: str | None
    version: int
    mtime_ns: int
    added: str


def remote_files(hub: Hub, dataset: str, folder: str = "") -> Iterator[Remote]:
    """All files below a folder of a dataset. BadPath for names that no folder here could have."""
    for row in hub.files(dataset, folder):
        path = check_relative(str(row["path"]))
        if row["is_folder"]:
            yield from remote_files(hub, dataset, path)
        else:
            yield Remote(
                path, int(row["size"]), row["sha256"], int(row["version"]), int(row["mtime_ns"]),
                str(row["added"]),
            )  # fmt: skip


@contextmanager
def fetching(hub: Hub, dataset: str) -> Iterator[Ahead]:
    """Fetch files of a dataset in the order in which they are asked for."""
    with ThreadPoolExecutor(THREADS, thread_name_prefix="ahead") as pool:
        try:
            yield Ahead(hub, dataset, pool)
        finally:
            pool.shutdown(wait=True, cancel_futures=True)


class Ahead:
    """Streams of files that will be asked for in a known order."""

    def __init__(self, hub: Hub, dataset: str, pool: ThreadPoolExecutor) -> None:
        self._hub, self._dataset, self._pool = hub, dataset, pool
        self._coming: dict[int, Future[bytes]] = {}
        self._next = 0

    def openers(self, files: Sequence[Remote]) -> list[Callable[[], Iterable[bytes]]]:
        """What opens each; they are fast when they are called in this order."""
        return [lambda at=at: self._open(files, at) for at in range(len(files))]  # type: ignore[misc]

    def _open(self, files: Sequence[Remote], at: int) -> Iterable[bytes]:
        for passed in [number for number in self._coming if number < at]:
            self._coming.pop(passed).cancel()
        self._next = max(self._next, at)
        while self._next < len(files) and self._next < at + WINDOW:
            if files[self._next].size <= SMALL:
                self._coming[self._next] = self._pool.submit(self._whole, files[self._next])
            self._next += 1
        coming = self._coming.pop(at, None)
        return self._stream(files[at]) if coming is None else [coming.result()]

    def _whole(self, file: Remote) -> bytes:
        return b"".join(self._stream(file))

    def _stream(self, file: Remote) -> Iterator[bytes]:
        """The file as it was listed: DigestMismatch after its last piece when it is another one."""
        stored = yield from self._hub.stream(self._dataset, file.path)
        if file.sha256 not in (None, stored.sha256):
            raise DigestMismatch(f"{file.path} is not what the hub listed.")
