"""What the evidence room does: writes anchors, and sets aside those of a record that is lost."""

from __future__ import annotations

from django.db import transaction
from django.utils import timezone

from lagan.hub.archive import services as archive
from lagan.hub.audit import queries as audit
from lagan.hub.audit.kinds import Kind
from lagan.hub.audit.services import record, seal
from lagan.hub.base.actors import Actor
from lagan.hub.evidence.anchors import note
from lagan.hub.evidence.keys import signed
from lagan.kit.errors import BadInput, Forbidden

_last: list[tuple[int, str]] = []


def anchor() -> list[str]:
    """Write the head of the record, with all that can be sealed just now, to every volume that is
    written; the names of the volumes."""
    seal()
    head = audit.head()
    if not head[0]:
        return []
    return archive.anchor_everywhere(note=note(str(archive.hub_id()), head, timezone.now(), signed))


def anchor_what_is_new() -> None:
    """The same, when there are events since this process did it last and a volume took it."""
    seal()
    if [audit.head()] != _last and anchor():
        _last[:] = [audit.head()]


@transaction.atomic
def set_anchors_aside(*, by: Actor, reason: str) -> None:
    """From now on anchors that were written before now may disagree with the record: an older
    database was put back. That this was said stays in the record, and `verify` tells it. Forbidden
    but for the system's administrator; BadInput without a reason."""
    if not by.is_system:
        raise Forbidden("Anchors are set aside by the system's administrator.")
    if not reason.strip():
        raise BadInput("Say why the anchors are set aside.", field="reason")
    record(kind=Kind.ANCHORS_SET_ASIDE, by=by, data={"reason": reason.strip()})
