"""A site lets go of what is its own."""

from __future__ import annotations

from django.db import transaction
from django.db.models import F

from lagan.hub.archive import services as archive
from lagan.hub.audit.kinds import Kind
from lagan.hub.audit.services import record
from lagan.hub.base import locks
from lagan.hub.targets.landing import actor
from lagan.hub.targets.models import Participant, TargetObject
from lagan.store.layout import check_object


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
        about = {"target": owner.target.name, "site": owner.site, "name": name}
        data = {**about, "file": row.stored_id.hex, "size": row.size}
        record(kind=Kind.TARGET_OBJECT_REMOVED, by=actor(owner), data=data)
    archive.let_go(gone)
    return True
