"""Objects of a site become Files of the archive: name, bytes, journal line and rows, all of a
request in one transaction, or nothing of any."""

from __future__ import annotations

import logging
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID

from django.db import IntegrityError, transaction
from django.db.models import F
from django.utils import timezone

from lagan.hub.archive import services as archive
from lagan.hub.audit.kinds import Kind
from lagan.hub.audit.services import record
from lagan.hub.base import bulk, locks
from lagan.hub.base.actors import Actor
from lagan.hub.targets.models import Participant, TargetObject, TargetUpload
from lagan.kit.digests import Digests
from lagan.kit.errors import Conflict, LaganError
from lagan.store.journal import FileLine, VoidLine
from lagan.store.volume import Incoming

SOME = 900
"""Names in one statement."""
NAMED = 5000
"""Files in one event."""

COLUMNS = ("target", "owner", "name", "stored", "size", "stored_at", "upload")
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Member:
    """One object within the bytes of a landing: the file's id, its name in the target, the site's
    key for it."""

    id: UUID
    name: str
    key: str
    offset: int
    digests: Digests


@dataclass(frozen=True, slots=True)
class Landing:
    """Bytes on a volume that get the name `object` there, and what is in them."""

    volume: UUID
    incoming: Incoming
    object: str
    members: Sequence[Member]


def land(owner: Participant, landings: Sequence[Landing], uploads: Sequence[TargetUpload]) -> None:
    """Publish, journal and catalogue; the rows of `uploads` go with it. Conflict if a name of the
    target is taken; on any error nothing of this is visible, and what was not published yet is
    still the caller's.

    A failure of the COMMIT itself leaves it open what happened: the archive's sweep settles that.
    """
    at = timezone.now()
    lines = {id(each): _lines(owner, each, at) for each in landings}
    published: list[Landing] = []
    told: list[tuple[UUID, Sequence[FileLine]]] = []
    committing = False
    try:
        with locks.turn("catalogue"), transaction.atomic():
            _claim_names(owner, landings, at)
            for volume, some in _by_volume(landings).items():
                moves = [(each.incoming, each.object) for each in some]
                archive.open_store(volume).publish(moves)
                published += some
                new = [line for each in some for line in lines[id(each)]]
                archive.record_files(volume=volume, stored_at=at, files=new)
                told.append((volume, new))
                archive.journal(volume).append(new)
            TargetUpload.objects.filter(pk__in=[each.pk for each in uploads]).delete()
            _count(owner, landings)
            _record(owner, landings)
            committing = True
    except BaseException:
        if not committing:
            _take_back(published, told)
        raise


def names_taken(owner: Participant, names: Sequence[str]) -> None:
    """Conflict if one of the names is taken in the target, by whomever."""
    for start in range(0, len(names), SOME):
        rows = TargetObject.objects.filter(
            target=owner.target_id, name__in=names[start : start + SOME]
        )
        if (taken := rows.values_list("name", flat=True).first()) is not None:
            raise Conflict(f"Exists already: {taken}.", name=taken)


def published(owner: Participant, names: Sequence[str]) -> dict[str, tuple[str, str | None]]:
    """The site's own objects of these names: the key that each was sent under, and its SHA-256."""
    found: dict[str, tuple[str, str | None]] = {}
    for start in range(0, len(names), SOME):
        rows = TargetObject.objects.filter(owner=owner, target=owner.target_id)
        some = rows.filter(name__in=names[start : start + SOME])
        for name, key, sha256 in some.values_list("name", "upload", "stored__sha256"):
            found[name] = key, sha256
    return found


def _claim_names(owner: Participant, landings: Sequence[Landing], at: datetime) -> None:
    """The rows first: whoever else publishes a name of these waits here, and hears of it."""
    members = [each for landing in landings for each in landing.members]
    names_taken(owner, [each.name for each in members])
    rows = [
        (owner.target_id, owner.pk, each.name, each.id, each.digests.size, at, each.key)
        for each in members
    ]
    try:
        bulk.insert(TargetObject, rows, COLUMNS)
    except IntegrityError:
        raise Conflict("Somebody else has just taken one of these names.") from None


def _lines(owner: Participant, landing: Landing, at: datetime) -> list[FileLine]:
    return [
        FileLine(
            id=each.id,
            file_id=each.id.hex,
            version=1,
            name=each.name.rpartition("/")[2],
            object=landing.object,
            offset=each.offset,
            length=each.digests.size,
            digests=each.digests,
            stored_at=at.timestamp(),
            belongs={
                "target": owner.target.name,
                "site": owner.site,
                "name": each.name,
                "upload": each.key,
            },
        )
        for each in landing.members
    ]


def _by_volume(landings: Iterable[Landing]) -> dict[UUID, list[Landing]]:
    found: dict[UUID, list[Landing]] = defaultdict(list)
    for each in landings:
        found[each.volume].append(each)
    return found


def _count(owner: Participant, landings: Sequence[Landing]) -> None:
    sizes = [each.digests.size for landing in landings for each in landing.members]
    Participant.objects.filter(pk=owner.pk).update(
        objects_count=F("objects_count") + len(sizes), objects_bytes=F("objects_bytes") + sum(sizes)
    )


def _record(owner: Participant, landings: Sequence[Landing]) -> None:
    ids = [each.id.hex for landing in landings for each in landing.members]
    for start in range(0, len(ids), NAMED):
        some = ids[start : start + NAMED]
        about = {"target": owner.target.name, "site": owner.site, "count": len(some)}
        record(kind=Kind.FILES_STORED, by=actor(owner), data={**about, "files": some})


def actor(owner: Participant) -> Actor:
    """The site itself, as the record names it."""
    return Actor(None, f"site {owner.site}", "site-key")


def _take_back(
    published: Sequence[Landing], told: Sequence[tuple[UUID, Sequence[FileLine]]]
) -> None:
    """Nothing was committed: the lines are void, the objects go. What fails here the sweep does."""
    now = datetime.now(UTC).timestamp()
    for volume, lines in told:
        try:
            archive.journal(volume).append([VoidLine(each.id, now) for each in lines])
        except LaganError:
            _log.exception("%d lines wait for the sweep to void them.", len(lines))
    for each in published:
        try:
            archive.open_store(each.volume).delete(each.object)
        except LaganError:
            _log.exception("%s waits for the sweep to remove it.", each.object)
