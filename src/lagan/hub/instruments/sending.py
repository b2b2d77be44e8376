"""One whole file that a program sends: on its way to a volume while its MD5 is computed beside the
digests of the store, and stored only when it is what was announced."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from concurrent.futures import Future

from django.utils import timezone

from lagan.hub.archive import services as archive
from lagan.hub.base.actors import Actor
from lagan.hub.datasets import services as datasets
from lagan.hub.datasets.services import Arrival, Attached
from lagan.hub.ingest.intake import Arrived, Outcome, submit
from lagan.hub.instruments.datafiles import at_paths, note_stored
from lagan.hub.instruments.errors import AlreadyThere, NotAsAnnounced
from lagan.hub.instruments.models import DataFile
from lagan.hub.instruments.rules import Announced, check, mtime_ns
from lagan.hub.instruments.staging import forget_staged, staged_size
from lagan.kit.errors import LaganError
from lagan.kit.ids import new_id


class Sent:
    """The bytes of a file; which one it is may be known only afterwards. All calls block; one
    thread at a time."""

    def __init__(self, *, size: int = 0) -> None:
        """`size` is about how many bytes will come, so that a volume with room is chosen."""
        self.id = new_id()
        self._volume = archive.choose_volume(size=size).pk
        self._incoming = archive.open_store(self._volume).receive(self.id.hex)
        self._md5 = hashlib.md5(usedforsecurity=False)

    def write(self, pieces: Sequence[bytes]) -> None:
        """The next bytes."""
        self._incoming.write(pieces)
        for each in pieces:
            self._md5.update(each)

    @property
    def md5(self) -> str:
        """Of all bytes so far, in hex."""
        return self._md5.hexdigest()

    def discard(self) -> None:
        """Leave nothing behind."""
        self._incoming.discard()

    def become(self, announced: Announced, by: Actor) -> Future[list[Outcome]]:
        """All bytes came. NotAsAnnounced when size or MD5 differ; else they are on their way to be
        stored."""
        digests = self._incoming.digests()
        if digests.size != announced.size:
            raise NotAsAnnounced(
                f"{digests.size} bytes came, and {announced.size} were announced.", field="size"
            )
        if announced.md5 and announced.md5 != self.md5:
            raise NotAsAnnounced(
                f"What came has the MD5 {self.md5}, not the announced one.", field="md5sum"
            )
        datasets.check_room(dataset=announced.dataset, path=announced.path, size=digests.size)
        name = archive.object_name(id=self.id, name=announced.filename, at=timezone.now())
        written = mtime_ns(announced.modified, timezone.now())
        arrival = Arrival(announced.dataset, announced.path, self.id, digests, written)
        return submit(
            volume=self._volume, incoming=self._incoming, object=name, by=by,
            files=[Arrived(arrival, 0, digests.size)],
        )  # fmt: skip


def require_place(by: Actor, announced: Announced) -> None:
    """Refuse before a byte is taken what could not be stored: NotFound, Forbidden, NotOpen, no room
    left, and AlreadyThere for a path that has a file, or one that is just being staged."""
    require_open_place(by, announced)
    for each in at_paths(by, announced.dataset, [announced.path]):
        if staged_size(each) is not None:
            raise AlreadyThere(
                f"The dataset has a file {announced.path!r}.", path=announced.path, file=each.id
            )


def require_open_place(by: Actor, announced: Announced) -> None:
    """The same of a file that is staged: AlreadyThere only for one that is stored meanwhile."""
    check(announced)
    datasets.require_open(by=by, dataset=announced.dataset)
    if any(each.verified for each in at_paths(by, announced.dataset, [announced.path])):
        raise AlreadyThere(f"The dataset has a file {announced.path!r}.", path=announced.path)
    datasets.check_room(dataset=announced.dataset, path=announced.path, size=announced.size)


def sent(future: Future[list[Outcome]], by: Actor, announced: Announced, md5: str) -> int:
    """What became of `Sent.become`, when it is done: the file's number; or the refusal."""
    (outcome,) = future.result()
    if not isinstance(outcome, Attached):
        assert isinstance(outcome, LaganError)  # noqa: S101
        raise outcome
    awaited = DataFile.objects.filter(dataset=announced.dataset, path=announced.path)
    for each in awaited.exclude(staged=""):
        forget_staged(each)
    return note_stored(by=by, announced=announced, stored=outcome.stored, md5=md5)
