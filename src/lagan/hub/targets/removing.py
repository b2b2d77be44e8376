"""A site lets go of what is its own."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import F
from django.utils import timezone

from lagan.hub.archive import services as archive
from lagan.hub.audit.kinds import Kind
from lagan.hub.audit.services import record
from lagan.hub.base import locks
from lagan.hub.targets.landing import actor
from lagan.hub.targets.models import Participant, TargetObject
from lagan.store.journal import NoteLine
from lagan.store.layout import check_object

GONE = "target-object-removed"
"""The kind of the journal's lines about objects that went: without it an older snapshot would bring
their names back, without their content."""


def remove(owner: Participant, name: str) -> bool:
    """Remove one of the site's own objects, all its copies with it; whether there was one. What
    another site keeps stays, also where it may be read."""
    with locks.turn("catalogue"), transaction.atomic():
        rows = TargetObject.objects.select_for_update().filter(target=owner.target_id, owner=owner)
        row = rows.filter(name=check_object(name)).first()
        if row is None:
            return False
        row.delete()
        gone = archive.remove_files(files=[row.stored_id])
        Participant.objects.filter(pk=owner.pk).update(
            objects_count=F("objects_count") - 1, objects_bytes=F("objects_bytes") - row.size
        )
        data: dict[str, str | int] = {"target": owner.target.name, "site": owner.site, "name": name}
        data |= {"file": row.stored_id.hex, "size": row.size}
        record(kind=Kind.TARGET_OBJECT_REMOVED, by=actor(owner), data=data)
        archive.note_everywhere(notes=[NoteLine(GONE, data, timezone.now().timestamp())])
    archive.let_go(gone)
    return True


def adopt(data: Mapping[str, Any]) -> None:
    """Take in what a journal says of an object that went."""
    file = UUID(data["file"])
    TargetObject.objects.filter(stored=file).delete()
    archive.remove_files(files=[file])
