"""Upload sessions: begun, resumed, finished, ended; their rows are the truth about what was
acknowledged."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from datetime import timedelta
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db.models import Q
from django.utils import timezone

from lagan.hub.archive import services as archive
from lagan.hub.base.actors import SYSTEM, Actor
from lagan.hub.datasets import services as datasets
from lagan.hub.ingest.errors import UploadGone
from lagan.hub.ingest.holding import held
from lagan.hub.ingest.models import ARCHIVED, GONE, RECEIVING, Upload
from lagan.hub.jobs import services as jobs
from lagan.hub.jobs.services import TaskSpec
from lagan.kit.errors import BadInput, LaganError, Locked, NotFound, NotSignedIn
from lagan.kit.ids import new_id
from lagan.kit.paths import check_relative
from lagan.store.volume import Incoming, Volume
from lagan.worker.steps import Context

LIFETIME = timedelta(days=7)
"""How long an upload may rest between two requests before it is removed."""

RUN = settings.CONFIG.data / "run"


def begin(
    *,
    by: Actor,
    dataset: int,
    path: str,
    size: int,
    mtime_ns: int | None = None,
    metadata: str = "",
) -> Upload:
    """A new upload of `size` bytes to become `path` of the dataset; nothing of it is visible to
    anybody."""
    path = check_relative(path)
    datasets.require_open(by=by, dataset=dataset)
    datasets.check_room(dataset=dataset, path=path, size=size)
    return _begin(
        by,
        kind="whole",
        dataset_id=dataset,
        path=path,
        size=size,
        mtime_ns=mtime_ns,
        metadata=metadata,
    )


def begin_partial(*, by: Actor, size: int, metadata: str = "") -> Upload:
    """A piece that a final upload will join with others."""
    return _begin(by, kind="partial", size=size, metadata=metadata)


def _begin(by: Actor, **facts: object) -> Upload:
    if by.entity is None:
        raise NotSignedIn("Sign in to upload.")
    now, id = timezone.now(), new_id()
    volume = archive.choose_volume(size=facts["size"])  # type: ignore[arg-type]
    incoming = archive.open_store(volume.pk).receive(id.hex)
    try:
        incoming.checkpoint()
        upload = Upload(
            id=id, creator_id=by.entity, volume=volume.pk, key=id.hex, created_at=now, **facts
        )
        upload.expires_at = now + LIFETIME
        upload.save(force_insert=True)
    except BaseException:
        incoming.discard()
        raise
    incoming.close()
    return upload


def find(*, by: Actor, id: str) -> Upload:
    """An upload of the asker's own. NotFound for anybody else's; UploadGone when it was ended or
    has expired."""
    try:
        upload = Upload.objects.filter(pk=UUID(id), creator=by.entity).first()
    except ValueError:
        upload = None
    if upload is None:
        raise NotFound("There is no such upload.", upload=id)
    if upload.state == GONE:
        raise UploadGone("This upload was ended, refused or has expired; begin again.", upload=id)
    return upload


def note_received(*, upload: Upload, received: int) -> None:
    """Remember that so many bytes are on stable storage."""
    upload.received, upload.expires_at = received, timezone.now() + LIFETIME
    upload.save(update_fields=["received", "expires_at"])


def announce(*, upload: Upload, sha256: str) -> None:
    """Remember what the sender says the whole is, before its last bytes arrive: whoever archives
    it, after whatever crash, compares."""
    Upload.objects.filter(pk=upload.pk).update(announced=sha256)
    upload.announced = sha256


def end(*, upload: Upload) -> None:
    """Remove what was received; its id stays known as gone. The caller holds it."""
    Upload.objects.filter(pk=upload.pk, state=RECEIVING).update(state=GONE)
    upload.state = GONE
    _remove_bytes(upload)


def terminate(*, by: Actor, id: str) -> None:
    """The sender no longer wants it (tus termination)."""
    upload = find(by=by, id=id)
    with held(RUN, upload.pk):
        end(upload=upload)


def partial_object(upload: Upload) -> str:
    """Where a finished partial upload waits to be joined."""
    return f"partial/{upload.key}"


def set_aside(*, upload: Upload, incoming: Incoming) -> None:
    """Keep a complete partial upload under a name of its own until it is joined."""
    _store(upload).publish([(incoming, partial_object(upload))])


def partials(*, by: Actor, ids: Sequence[str]) -> list[Upload]:
    """The finished partial uploads to be joined, in order. BadInput when one is not."""
    found = [find(by=by, id=each) for each in ids]
    for each in found:
        if each.kind != "partial" or each.received != each.size:
            raise BadInput(
                f"Upload {each.pk} is not a complete partial upload.", upload=str(each.pk)
            )
        _settle_partial(each)
    return found


def _settle_partial(upload: Upload) -> None:
    """Set aside what a process had received whole when it was killed."""
    store = _store(upload)
    try:
        store.stat(partial_object(upload))
    except NotFound:
        with held(RUN, upload.pk):
            set_aside(upload=upload, incoming=store.resume(upload.key, size=upload.received))


def read_partials(found: Sequence[Upload]) -> Iterator[bytes]:
    """Their bytes, one after the other."""
    for each in found:
        yield from (bytes(piece) for piece in _store(each).read(partial_object(each)))


def plan_expiry() -> None:
    """Have forgotten uploads ended, if there are any."""
    now = timezone.now()
    if Upload.objects.filter(expires_at__lt=now).exists():
        title = "Forgotten uploads end"
        tasks = [TaskSpec(step="ingest.expire")]
        jobs.create_job(kind="ingest.expire", title=title, by=SYSTEM, tasks=tasks)


def expire(context: Context, args: Mapping[str, Any], items: Sequence[str]) -> dict[str, int]:
    """The step: remove uploads that rested too long, and forget old ended ones."""
    now = timezone.now()
    ended = 0
    for upload in Upload.objects.filter(state=RECEIVING, expires_at__lt=now).iterator():
        with suppress(Locked), held(RUN, upload.pk):
            end(upload=upload)
            ended += 1
    forgotten, _ = Upload.objects.filter(
        ~Q(state=RECEIVING), expires_at__lt=now - LIFETIME
    ).delete()
    return {"ended": ended, "forgotten": forgotten}


def keys_in_use(volume: UUID) -> set[str]:
    """Keys on a volume that belong to uploads still being received; the archive's sweep leaves
    them alone."""
    return set(Upload.objects.filter(volume=volume, state=RECEIVING).values_list("key", flat=True))


def mark(*, upload: UUID, file: UUID | None, sha256: str | None) -> None:
    """In the writer's transaction: the upload is archived as `file`, or was refused (None)."""
    state = ARCHIVED if file else GONE
    Upload.objects.filter(pk=upload).update(state=state, file=file, sha256=sha256)


def _store(upload: Upload) -> Volume:
    return archive.open_store(upload.volume)


def _remove_bytes(upload: Upload) -> None:
    store = _store(upload)
    store.delete(partial_object(upload))
    try:
        store.resume(upload.key, size=0).discard()
    except LaganError:
        return
