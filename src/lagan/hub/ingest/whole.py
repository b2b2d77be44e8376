"""One whole file in one request: no session, nothing to resume."""

from __future__ import annotations

import time
from collections.abc import Sequence
from concurrent.futures import Future

from django.utils import timezone

from lagan.hub.archive import services as archive
from lagan.hub.base.actors import Actor
from lagan.hub.base.raw import Disconnected
from lagan.hub.datasets import services as datasets
from lagan.hub.datasets.services import Arrival
from lagan.hub.ingest.intake import Arrived, Outcome, submit
from lagan.kit.errors import DigestMismatch, TooLarge
from lagan.kit.ids import new_id
from lagan.kit.paths import check_relative


class Whole:
    """A file of `size` bytes on its way to `path`. All calls block; one thread at a time."""

    def __init__(
        self, *, by: Actor, dataset: int, path: str, size: int, mtime_ns: int | None
    ) -> None:
        """Refuse what cannot be taken before a byte is read."""
        self._path = check_relative(path)
        datasets.require_open(by=by, dataset=dataset)
        datasets.check_room(dataset=dataset, path=self._path, size=size)
        self._by, self._dataset, self._size = by, dataset, size
        self._mtime_ns = time.time_ns() if mtime_ns is None else mtime_ns
        self._id = new_id()
        self._volume = archive.choose_volume(size=size).pk
        self._incoming = archive.open_store(self._volume).receive(self._id.hex)
        self.sha256 = ""

    def write(self, pieces: Sequence[bytes]) -> None:
        """The next bytes. TooLarge beyond the announced size."""
        if self._incoming.size + sum(map(len, pieces)) > self._size:
            raise TooLarge(
                f"More than the {self._size} bytes that were announced.", size=self._size
            )
        self._incoming.write(pieces)

    def archive(self, sha256: str | None) -> Future[list[Outcome]]:
        """All bytes came. Disconnected when they did not, DigestMismatch when they are not the
        announced ones."""
        digests = self._incoming.digests()
        if digests.size != self._size:
            raise Disconnected
        if sha256 is not None and digests.sha256 != sha256:
            raise DigestMismatch(
                "The file does not have the SHA-256 that was announced.", announced=sha256
            )
        self.sha256 = digests.sha256 or ""
        name = archive.object_name(
            id=self._id, name=self._path.rpartition("/")[2], at=timezone.now()
        )
        arrival = Arrival(self._dataset, self._path, self._id, digests, self._mtime_ns)
        files = [Arrived(arrival, 0, digests.size)]
        return submit(
            volume=self._volume, incoming=self._incoming, object=name, by=self._by, files=files
        )

    def discard(self) -> None:
        """Leave nothing behind."""
        self._incoming.discard()
