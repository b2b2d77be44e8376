"""An uploader asks to stage files with its key; somebody who sets permissions on the facility's
computers lets it, refuses, or takes it back."""

from __future__ import annotations

from dataclasses import dataclass

from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils import timezone

from lagan.hub.accounts import queries as accounts
from lagan.hub.audit import services as audit
from lagan.hub.audit.kinds import Kind
from lagan.hub.base.actors import Actor
from lagan.hub.instruments import uploaders
from lagan.hub.instruments.keys import write_keys
from lagan.hub.instruments.models import APPROVED, REFUSED, REVOKED, WAITING, Registration
from lagan.hub.instruments.rules import public_key
from lagan.hub.instruments.staging import prepare_folder
from lagan.hub.tree import queries as tree
from lagan.kit.errors import BadInput, Conflict, Forbidden, NotFound

DECIDES = "COMPUTER_PERM_SET"
"""Who holds this on a facility decides which keys stage files for it."""
_NEXT = {
    APPROVED: ({WAITING, REFUSED, REVOKED}, Kind.UPLOADER_APPROVED),
    REFUSED: ({WAITING}, Kind.UPLOADER_REFUSED),
    REVOKED: ({APPROVED}, Kind.UPLOADER_REVOKED),
}


@dataclass(frozen=True, slots=True)
class Wish:
    """What an uploader sends when it asks."""

    fingerprint: str
    public_key: str
    name: str = ""
    requester_name: str = ""
    requester_email: str = ""


def registrations(
    by: Actor, *, uuid: str | None = None, fingerprint: str | None = None
) -> QuerySet[Registration]:
    """Those of uploaders that the actor speaks for, or decides on, oldest first."""
    mine = Q(uploader__in=uploaders.known(by))
    decided = tree.within(tree.allowed(by, DECIDES), "uploader__facility__path")
    rows = Registration.objects.filter(mine | decided).select_related("uploader")
    if uuid is not None:
        rows = rows.filter(uploader__uuid=uuid.replace("\x00", ""))
    if fingerprint is not None:
        rows = rows.filter(fingerprint=fingerprint.replace("\x00", ""))
    return rows.order_by("id")


@transaction.atomic
def ask_for_approval(*, by: Actor, uploader_id: int, wish: Wish) -> Registration:
    """An uploader's wish; asked again with the same key, it is the same one. BadInput for what is
    no public key."""
    row = uploaders.uploader(by, uploader_id)
    public_key(wish.public_key)
    if not 0 < len(wish.fingerprint) <= 200:
        raise BadInput("A key has a fingerprint.", field="requester_key_fingerprint")
    found, fresh = Registration.objects.get_or_create(
        uploader=row,
        fingerprint=wish.fingerprint,
        defaults={
            "name": wish.name[:300], "requester_name": wish.requester_name[:300],
            "requester_email": wish.requester_email[:300], "public_key": wish.public_key,
            "asked_at": timezone.now(),
        },
    )  # fmt: skip
    if fresh:
        data = {"uploader": row.pk, "registration": found.pk, "fingerprint": wish.fingerprint}
        audit.record(kind=Kind.UPLOADER_ASKED, by=by, subject=row.instrument_id, data=data)
    return found


def approve(*, by: Actor, registration: int, comment: str = "") -> Registration:
    """Let the key stage files: its folder is made, and its line is in authorized_keys before this
    returns. Needs COMPUTER_PERM_SET on the uploader's facility, and is never done with the key of
    the account that asked."""
    return _decide(by, registration, APPROVED, comment)


def refuse(*, by: Actor, registration: int, comment: str = "") -> Registration:
    """Say no to a key that waits; who may is as for `approve`."""
    return _decide(by, registration, REFUSED, comment)


def revoke(*, by: Actor, registration: int, comment: str = "") -> Registration:
    """Take an approval back: the key reaches nothing any more; who may is as for `approve`."""
    return _decide(by, registration, REVOKED, comment)


def _decide(by: Actor, id: int, state: str, comment: str) -> Registration:
    with transaction.atomic():
        row = _locked(by, id)
        before, kind = _NEXT[state]
        if row.state not in before:
            raise Conflict(f"This key is {row.state}.", registration=id, state=row.state)
        row.state, row.decided_at, row.decided_by_id = state, timezone.now(), by.entity
        row.comment = comment[:2000]
        row.save(update_fields=["state", "decided_at", "decided_by", "comment"])
        data = {
            "uploader": row.uploader_id, "registration": id, "fingerprint": row.fingerprint,
            "comment": row.comment,
        }  # fmt: skip
        audit.record(kind=kind, by=by, subject=row.uploader.instrument_id, data=data)
    if state == APPROVED:
        prepare_folder(row.uploader_id)
    write_keys()
    return row


def _locked(by: Actor, id: int) -> Registration:
    seen = registrations(by).filter(pk=id).first() if 0 <= id < 2**63 else None
    if seen is None:
        raise NotFound(f"There is no registration {id}.", registration=id)
    facility = seen.uploader.facility_id
    if facility is None:
        raise Conflict("The uploader has not said which instrument it is for.", registration=id)
    if not tree.may(by, DECIDES, facility):
        raise Forbidden(f"This needs {DECIDES} on the facility.", permission=DECIDES)
    if by.credential == accounts.CLIENT_KEY and by.entity == seen.uploader.creator_id:
        raise Forbidden("The key that an uploader carries does not approve uploaders.")
    rows = Registration.objects.select_related("uploader").select_for_update(of=("self",))
    return rows.get(pk=id)
