"""A package is given out in two steps: what is stored is compared first, and only then handed
over.

Source: seeds/preservation-packages.txt, GET DOWNLOAD ArchivePackage.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.db import transaction
from django.utils import timezone

from lagan.hub.archive.queries import Location
from lagan.hub.audit.kinds import Kind
from lagan.hub.base.actors import Actor
from lagan.hub.datasets import queries as datasets
from lagan.hub.datasets.queries import EntryRow
from lagan.hub.jobs.services import TaskSpec, create_job
from lagan.hub.packages.errors import NotReady
from lagan.hub.packages.fixity import ask_for_healing, recovery, said_of
from lagan.hub.packages.models import Package
from lagan.hub.packages.reading import Look, copies, is_lost, look
from lagan.hub.packages.rows import held, in_state, locked, note, turn
from lagan.hub.packages.rules import KEPT, READY_FOR, Status
from lagan.kit.digests import Buffer
from lagan.kit.errors import LaganError, Unavailable
from lagan.worker.steps import Context

STEP = "packages.prepare"


@dataclass(frozen=True, slots=True)
class HandOut:
    """The file to send, and the copy that was compared."""

    entry: EntryRow
    location: Location


@transaction.atomic
def ask_for(*, by: Actor, package: int) -> HandOut | None:
    """The package's zip, when it is prepared; else None, and its preparation is on the way. Needs
    DATASET_READ. NotReady for one that was not taken in, or whose content was removed."""
    row = _given_out(by, package)
    if (place := _prepared(row)) is not None:
        entry = datasets.entries_at(row.pk, [row.file_name])[row.file_name]
        note(row, Kind.PACKAGE_FETCHED, by=by, details={"size": row.size})
        return HandOut(entry, place)
    _prepare(by, row)
    return None


@transaction.atomic
def prepare(*, by: Actor, package: int) -> None:
    """As `ask_for`, but nothing is handed out: what is prepared already stays so."""
    row = _given_out(by, package)
    if _prepared(row) is None:
        _prepare(by, row)


def _given_out(by: Actor, package: int) -> Package:
    row = locked(package, by, "DATASET_READ")
    if not in_state(row, KEPT):
        raise NotReady("There is nothing to download of this package.", package=package)
    return row


def _prepared(row: Package) -> Location | None:
    return _compared(row) if row.status == Status.DOWNLOAD_READY else None


def _prepare(by: Actor, row: Package) -> None:
    if row.status != Status.DOWNLOAD_PREPARING:
        turn(row, Status.DOWNLOAD_PREPARING)
        note(row, Kind.PACKAGE_REQUESTED, by=by)
        title = f"Prepare package {row.pk} for download"
        task = TaskSpec(STEP, items=[str(row.pk)], priority=5)
        create_job(kind=STEP, title=title, by=by, tasks=[task], key=_key(row))


def _key(row: Package) -> str:
    return f"{STEP}:{row.pk}:{row.changed_at.isoformat()}"


def _compared(row: Package) -> Location | None:
    """The copy that was compared, if that was not too long ago and it is still taken for good."""
    if timezone.now() - row.changed_at > READY_FOR:
        return None
    return next((each for each in copies(row) if each.volume_id == row.ready_on), None)


def prepare_step(context: Context, args: Mapping[str, Any], items: Sequence[str]) -> dict[str, Any]:
    """Compare what is stored with the outer checksum, copy after copy until one is right."""
    size = 0

    def told(count: int) -> None:
        nonlocal size
        size += count
        context.progress(0, size)

    for item in items:
        row = Package.objects.filter(pk=int(item)).first()
        if row is not None and in_state(row, {Status.DOWNLOAD_PREPARING}):
            looks: list[Look] = []
            for place in copies(row):
                looks.append(look(place, told))
                if looks[-1].sha256 == row.checksum:
                    break
            conclude(row.pk, looks)
    return {"bytes": size}


@transaction.atomic
def conclude(package: int, looks: Sequence[Look]) -> None:
    """DOWNLOAD_READY when a copy is right, else DOWNLOAD_FAILED, or CHECKSUM_FAILED when all that
    could be read is wrong."""
    row = held(package)
    if row is None or not in_state(row, {Status.DOWNLOAD_PREPARING}):
        return
    bad = [each for each in looks if each.sha256 != row.checksum]
    right = next((each for each in looks if each.sha256 == row.checksum), None)
    if right is not None:
        turn(row, Status.DOWNLOAD_READY, ready_on=right.location.volume_id)
        more = recovery(package)
        note(row, Kind.PACKAGE_CHECKED, details={"sha256": row.checksum}, more=more)
    else:
        lost = not looks and is_lost(row)
        damaged = lost or (bool(bad) and all(each.sha256 for each in bad))
        turn(row, Status.CHECKSUM_FAILED if damaged else Status.DOWNLOAD_FAILED)
        if damaged:
            note(row, Kind.PACKAGE_CHECKED, details=said_of(bad, lost), result="failed")
        note(row, Kind.PACKAGE_NOT_FETCHED, details=said_of(bad, lost), result="failed")
    ask_for_healing(bad)


def proved(package: int, given: HandOut) -> Iterator[Buffer]:
    """The zip's bytes, compared once more while they are given: the last of them only when all are
    right. Unavailable before that when the copy was damaged since it was prepared; it is reported
    then, and the package is to be prepared again."""
    place, running, held_back = given.location, hashlib.sha256(), None
    reason = ""
    try:
        for piece in place.store.read(place.object, place.offset, place.length):
            if held_back is not None:
                yield held_back
            running.update(piece)
            held_back = piece
    except LaganError as error:
        reason = error.sentence
    found = Look(place, "" if reason else running.hexdigest(), reason)
    if found.sha256 != given.entry.sha256:
        _take_back(package, found)
        raise Unavailable("The copy was damaged since it was prepared; ask for it again.")
    if held_back is not None:
        yield held_back


@transaction.atomic
def _take_back(package: int, found: Look) -> None:
    row = held(package)
    if row is None or not in_state(row, {Status.DOWNLOAD_READY}):
        return
    turn(row, Status.DOWNLOAD_FAILED)
    note(row, Kind.PACKAGE_NOT_FETCHED, details=said_of([found]), result="failed")
    ask_for_healing([found])


def lapse() -> None:
    """What was prepared long ago is to be prepared again; what was never finished is asked for once
    more. Called by the schedule."""
    before = timezone.now() - READY_FOR
    rows = Package.objects.filter(status=Status.DOWNLOAD_READY, changed_at__lt=before)
    rows.update(status=Status.CHECKSUM_OK, changed_at=timezone.now())
    stuck = Package.objects.filter(status=Status.DOWNLOAD_PREPARING, changed_at__lt=before)
    stuck.update(status=Status.CHECKSUM_OK, changed_at=timezone.now())
