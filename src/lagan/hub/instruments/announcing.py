"""Files that will be staged: announced with size and checksum, and told where to put them."""

from __future__ import annotations

from django.db import transaction
from django.utils import timezone

from lagan.hub.base.actors import Actor
from lagan.hub.instruments.describing import dataset as dataset_of
from lagan.hub.instruments.errors import NotApproved
from lagan.hub.instruments.models import APPROVED, DataFile, Registration, Uploader
from lagan.hub.instruments.rules import Announced, staged_place
from lagan.hub.instruments.sending import require_place
from lagan.hub.instruments.staging import prepare_folder
from lagan.hub.instruments.uploaders import may_use


def announce(
    *, by: Actor, announced: Announced, uploader: str, fingerprint: str
) -> tuple[int, str]:
    """The file's number, and the absolute path that it is awaited at. NotApproved for an uploader
    whose key may not stage; what `require_place` refuses."""
    require_place(by, announced)
    machine = _approved(by, uploader, fingerprint)
    row = _note(by, announced, machine)
    return row.pk, f"{prepare_folder(machine.pk)}/{row.staged}"


def _approved(by: Actor, uuid: str, fingerprint: str) -> Uploader:
    rows = Registration.objects.filter(
        uploader__uuid=uuid, fingerprint=fingerprint, state=APPROVED
    ).select_related("uploader")
    found = rows.first()
    if found is None or not may_use(by, found.uploader):
        raise NotApproved("The key of this uploader was not approved to stage files.")
    return found.uploader


@transaction.atomic
def _note(by: Actor, announced: Announced, machine: Uploader) -> DataFile:
    described = dataset_of(by, announced.dataset)
    staged = staged_place(
        described.description, announced.dataset, announced.directory, announced.filename
    )
    facts = {
        "size": announced.size, "md5": announced.md5, "mimetype": announced.mimetype[:200],
        "created_text": announced.created[:40], "modified_text": announced.modified[:40],
        "by_id": by.entity, "uploader": machine, "instrument": described.row.computer_id,
        "staged": staged, "received": 0, "problem": "", "announced_at": timezone.now(),
        "stored": None, "stored_at": None, "tried_at": None,
    }  # fmt: skip
    row, _ = DataFile.objects.update_or_create(
        dataset_id=announced.dataset, path=announced.path, defaults=facts
    )
    return row
