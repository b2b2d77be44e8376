"""Large objects on their way in: kept on a volume under a row that says how far they are, gone on
with after any interruption, swept when nobody does."""

from __future__ import annotations

import secrets
import threading
from collections import OrderedDict
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import asdict
from datetime import timedelta
from uuid import UUID

from django.db import IntegrityError, transaction
from django.utils import timezone

from lagan.hub.archive import services as archive
from lagan.hub.targets.errors import AnotherWriter, UploadGone, WrongOffset
from lagan.hub.targets.models import Participant, TargetUpload
from lagan.kit.digests import Buffer, Digester, Digests
from lagan.kit.errors import Conflict, LaganError, NotFound
from lagan.kit.ids import new_id
from lagan.store.layout import check_key
from lagan.store.volume import Incoming

LIFETIME = timedelta(days=7)
"""How long an upload may rest before it is dropped."""
ROOM = 64 << 20
"""Bytes that a volume must have free for an object of which nobody knows yet how large it is."""

_KEPT = 256
_kept: OrderedDict[UUID, Digester] = OrderedDict()
_kept_lock = threading.Lock()


def begin(owner: Participant, key: str) -> TargetUpload:
    """A new upload under a key of the site's. Conflict if the key is in use."""
    check_key(key)
    volume, id = archive.choose_volume(size=ROOM).pk, new_id()
    incoming = archive.open_store(volume).receive(id.hex)
    try:
        incoming.checkpoint()
        with transaction.atomic():
            return TargetUpload.objects.create(
                id=id,
                owner=owner,
                key=key,
                volume=volume,
                writer=secrets.token_hex(16),
                touched_at=timezone.now(),
            )
    except IntegrityError:
        incoming.discard()
        raise Conflict(f"Exists already: upload {key}.", key=key) from None
    except BaseException:
        incoming.discard()
        raise
    finally:
        incoming.close()


def resume(owner: Participant, key: str, size: int) -> TargetUpload:
    """The upload, cut to `size` bytes, for a writer of its own from now on. NotFound when there are
    fewer."""
    row = _found(owner, key)
    if row.received < size:
        raise NotFound(f"Only {row.received} of {size} bytes are there.", size=row.received)
    row.writer, row.received = secrets.token_hex(16), size
    close(row, opened(row))
    _note(row, size)
    return row


def mine(owner: Participant, key: str, writer: str) -> TargetUpload:
    """The upload of who began or resumed it last; AnotherWriter for who did before."""
    row = _found(owner, key)
    if not secrets.compare_digest(row.writer.encode(), writer.encode()):
        raise AnotherWriter(f"Somebody else goes on with the upload {key}.", key=key)
    return row


class Receiving:
    """One request's bytes for an upload. All calls block; one thread at a time."""

    def __init__(self, row: TargetUpload, offset: int) -> None:
        """WrongOffset, with the fact `offset`, when the upload is not there; Locked while another
        request writes it."""
        self._row = row
        self._incoming = opened(row)
        if offset != row.received:
            self.release()
            raise WrongOffset(
                f"The upload stands at byte {row.received}, not {offset}.", offset=row.received
            )

    def write(self, pieces: Sequence[Buffer]) -> None:
        """The next bytes."""
        self._incoming.write(pieces)

    def release(self) -> int:
        """Let go, and remember how far it is; bytes received in all."""
        size = self._incoming.size
        close(self._row, self._incoming)
        _note(self._row, size)
        return size


def checkpoint(row: TargetUpload) -> None:
    """Return when what was received survives a power cut."""
    incoming = opened(row)
    try:
        incoming.checkpoint()
    finally:
        close(row, incoming)


def digests(row: TargetUpload) -> Digests:
    """The digests of what was received so far."""
    incoming = opened(row, finished=True)
    try:
        return incoming.digests()
    finally:
        close(row, incoming)


def discard(row: TargetUpload) -> None:
    """Leave nothing of it."""
    with suppress(LaganError):
        archive.open_store(row.volume).resume(row.id.hex, size=0).discard()
    row.delete()


def pending(owner: Participant) -> list[TargetUpload]:
    """The uploads of a site that were neither published nor dropped."""
    return list(TargetUpload.objects.filter(owner=owner).order_by("key"))


def keys_in_use(volume: UUID) -> set[str]:
    """What the archive's sweep must leave alone on a volume."""
    rows = TargetUpload.objects.filter(volume=volume).values_list("pk", flat=True)
    return {id.hex for id in rows}


def expire() -> None:
    """Drop uploads that nobody went on with for a week."""
    old = TargetUpload.objects.filter(touched_at__lt=timezone.now() - LIFETIME)
    for each in list(old[:1000]):
        discard(each)


def opened(row: TargetUpload, *, finished: bool = False) -> Incoming:
    """The bytes, to go on with unless they are `finished`: then they are not read again when their
    digests are known. UploadGone when they are not there, or fewer than were received."""
    with _kept_lock:
        digester = _kept.pop(row.pk, None)
    if digester is None and finished and row.digests and row.digests["size"] == row.received:
        digester = _Settled(Digests(**row.digests))
    try:
        store = archive.open_store(row.volume)
        return store.resume(row.id.hex, size=row.received, digester=digester)
    except NotFound:
        row.delete()
        raise UploadGone("What was received was lost; begin again.", key=row.key) from None


def close(row: TargetUpload, incoming: Incoming) -> None:
    """Let go; the running digests are remembered, as the next request is likely to come to this
    process."""
    incoming.close()
    row.digests = asdict(incoming.digests())
    if isinstance(incoming.digester, _Settled):
        return
    with _kept_lock:
        _kept[row.pk] = incoming.digester
        if len(_kept) > _KEPT:
            _kept.popitem(last=False)


class _Settled(Digester):
    """Digests of bytes that no more follow."""

    def __init__(self, digests: Digests) -> None:
        super().__init__(())
        self.size, self._digests = digests.size, digests

    def result(self) -> Digests:
        """What was known."""
        return self._digests


def _found(owner: Participant, key: str) -> TargetUpload:
    row = TargetUpload.objects.filter(owner=owner, key=check_key(key)).first()
    if row is None:
        raise NotFound(f"Not there: upload {key}.", key=key)
    return row


def _note(row: TargetUpload, received: int) -> None:
    row.received, row.touched_at = received, timezone.now()
    row.save(update_fields=["received", "digests", "touched_at", "writer"])
