"""One request's worth of an upload: held, resumed where it stood, written, checkpointed, and
archived when complete."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Sequence
from concurrent.futures import Future
from uuid import UUID

from django.utils import timezone

from lagan.hub.archive import services as archive
from lagan.hub.base.actors import Actor
from lagan.hub.datasets.services import Arrival, Attached
from lagan.hub.ingest import uploads
from lagan.hub.ingest.errors import ChunkMismatch, UploadGone, WrongOffset
from lagan.hub.ingest.holding import Hold
from lagan.hub.ingest.intake import Arrived, Outcome, submit
from lagan.hub.ingest.models import RECEIVING, Upload
from lagan.hub.ingest.tus import Checksum
from lagan.kit.digests import Digester
from lagan.kit.errors import DigestMismatch, NotFound, TooLarge
from lagan.store.volume import Incoming

CHECKPOINT = 64 << 20
"""Bytes after which what arrived is made durable, so that a killed transfer repeats at most
these."""

_KEPT = 32
"""Uploads whose running digests this process remembers between two requests."""

_kept: OrderedDict[UUID, Digester] = OrderedDict()
_kept_lock = threading.Lock()


class Receiving:
    """An upload that this request holds. All calls block; release it in the end, whatever
    happened."""

    def __init__(
        self, *, by: Actor, id: str, offset: int | None, checksum: Checksum | None = None
    ) -> None:
        """Take hold and stand where the upload stands. WrongOffset when `offset` is given and
        differs."""
        found = uploads.find(by=by, id=id)
        self._hold = Hold(uploads.RUN, found.pk)
        self.incoming: Incoming | None = None
        try:
            self.upload: Upload = uploads.find(by=by, id=id)
            self._stand(offset)
        except BaseException:
            self._hold.release()
            raise
        self._by, self._announced = by, checksum
        self._checksum = checksum.start() if checksum else None
        self._start = self._safe = self.upload.received

    @property
    def complete(self) -> bool:
        """Whether all bytes are there and wait to be archived (or joined)."""
        return (
            self.upload.state == RECEIVING
            and self.incoming is not None
            and self.incoming.size == self.upload.size
        )

    def write(self, pieces: Sequence[bytes]) -> None:
        """Take the next bytes. TooLarge beyond the announced size."""
        assert self.incoming  # noqa: S101
        if self.incoming.size + sum(map(len, pieces)) > self.upload.size:
            raise TooLarge(
                f"More than the {self.upload.size} bytes that were announced.",
                size=self.upload.size,
            )
        self.incoming.write(pieces)
        if self._checksum:
            for piece in pieces:
                self._checksum.update(piece)
        elif self.incoming.size - self._safe >= CHECKPOINT:
            self.checkpoint()

    def checkpoint(self) -> None:
        """Make what arrived durable and say so in the row."""
        assert self.incoming  # noqa: S101
        self.incoming.checkpoint()
        uploads.note_received(upload=self.upload, received=self.incoming.size)
        self._safe = self.incoming.size

    def end_of_request(self) -> None:
        """The body is complete: compare its checksum, make it durable. ChunkMismatch takes the
        bytes back."""
        if self._announced and self._checksum and self._checksum.digest() != self._announced.digest:
            self.take_back()
            raise ChunkMismatch(
                "The bytes of this request do not have the checksum they came with."
            )
        self.checkpoint()

    def broken_off(self) -> None:
        """The sender went away: keep what arrived, unless it was to be proved by a checksum that
        never was."""
        if self._checksum:
            self.take_back()
        elif self.incoming and self.incoming.size > self._safe:
            self.checkpoint()

    def take_back(self) -> None:
        """Forget this request's bytes."""
        assert self.incoming  # noqa: S101
        self.incoming.close()
        self.incoming = None

    def announce(self, sha256: str | None) -> None:
        """The sender says what the whole is."""
        if sha256 is not None:
            uploads.announce(upload=self.upload, sha256=sha256)

    def archive(self) -> Future[list[Outcome]]:
        """All bytes are there: archive them. DigestMismatch when they are not what was announced;
        then all is gone."""
        assert self.incoming  # noqa: S101
        digests = self.incoming.digests()
        announced = self.upload.announced
        if announced is not None and digests.sha256 != announced:
            self.discard()
            raise DigestMismatch(
                "The file does not have the SHA-256 that was announced.", announced=announced
            )
        upload, incoming = self.upload, self.incoming
        assert upload.dataset_id is not None  # noqa: S101
        self.incoming = None
        mtime = (
            upload.mtime_ns
            if upload.mtime_ns is not None
            else int(upload.created_at.timestamp()) * 10**9
        )
        arrival = Arrival(upload.dataset_id, upload.path, upload.pk, digests, mtime)
        name = archive.object_name(
            id=upload.pk, name=upload.path.rpartition("/")[2], at=timezone.now()
        )
        return submit(
            volume=upload.volume, incoming=incoming, object=name, by=self._by,
            files=[Arrived(arrival, 0, digests.size)], upload=upload.pk,
        )  # fmt: skip

    def set_aside(self) -> None:
        """A partial upload is complete: it waits under a name of its own until it is joined."""
        assert self.incoming  # noqa: S101
        uploads.set_aside(upload=self.upload, incoming=self.incoming)
        self.incoming = None  # only now: what could not be set aside is let go at the release

    def discard(self) -> None:
        """Leave nothing of the upload."""
        if self.incoming:
            self.incoming.discard()
            self.incoming = None
        uploads.end(upload=self.upload)

    def release(self) -> None:
        """Let go; remember the running digests for the next request if there will be one."""
        try:
            if self.incoming is not None:
                _let_go(self.upload.pk, self.incoming)
        finally:
            self._hold.release()

    def _stand(self, offset: int | None) -> None:
        upload = self.upload
        if offset is not None and offset != upload.received:
            raise WrongOffset(
                f"The upload stands at byte {upload.received}, not {offset}.",
                offset=upload.received,
            )
        waits = upload.kind == "partial" and upload.received == upload.size
        if upload.state == RECEIVING and not waits:
            self.incoming = _resumed(upload)


def result(outcomes: Sequence[Outcome]) -> Attached:
    """The outcome of the only file of an upload; its refusal is raised."""
    (outcome,) = outcomes
    if isinstance(outcome, Attached):
        return outcome
    raise outcome


def _resumed(upload: Upload) -> Incoming:
    with _kept_lock:
        digester = _kept.pop(upload.pk, None)
    try:
        store = archive.open_store(upload.volume)
        return store.resume(upload.key, size=upload.received, digester=digester)
    except NotFound:
        # A process died between publishing the bytes and cataloguing them: they were never
        # acknowledged.
        uploads.end(upload=upload)
        raise UploadGone(
            "What was received was lost before it was archived; begin again."
        ) from None


def _let_go(id: UUID, incoming: Incoming) -> None:
    """Close what rests, but remember its running digests: the next request is likely to come to
    this process."""
    incoming.close()
    with _kept_lock:
        _kept[id] = incoming.digester
        if len(_kept) > _KEPT:
            _kept.popitem(last=False)
