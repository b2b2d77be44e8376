"""A package is deposited: a dataset of its own is made, its zip is stored durably, then judged."""

from __future__ import annotations

import logging
import time
from collections.abc import Sequence
from concurrent.futures import Future
from datetime import timedelta
from typing import Any

from django.db import transaction
from django.utils import timezone

from lagan.hub.archive import services as archive
from lagan.hub.audit.kinds import Kind
from lagan.hub.base.actors import SYSTEM, Actor
from lagan.hub.datasets import queries as dataset_queries
from lagan.hub.datasets import services as datasets
from lagan.hub.datasets.services import Arrival, Attached
from lagan.hub.ingest.intake import Arrived, Outcome, submit
from lagan.hub.jobs.services import TaskSpec, create_job
from lagan.hub.packages import rules
from lagan.hub.packages.describing import asked_values
from lagan.hub.packages.errors import NotReady, Superseded
from lagan.hub.packages.models import Package
from lagan.hub.packages.rows import held, in_state, locked, note, turn
from lagan.hub.packages.rules import KEPT, Status
from lagan.kit.errors import Conflict, LaganError, NotSignedIn
from lagan.kit.ids import new_id

STEP = "packages.judge"
AT_HAND = "at_hand"
"""Among the facts of a package that is NEW: its zip was there when it was begun."""
AT_ONCE = timedelta(minutes=1)
"""Within this time a zip that is at hand is stored."""
_log = logging.getLogger(__name__)


class Zip:
    """The bytes of a package on their way to a volume; whose it will be may be known only
    afterwards. All calls block; one thread at a time."""

    def __init__(self, *, size: int = 0) -> None:
        """`size` is about how many bytes will come, so that a volume with room is chosen."""
        self.id = new_id()
        self._volume = archive.choose_volume(size=size).pk
        self._incoming = archive.open_store(self._volume).receive(self.id.hex)

    def write(self, pieces: Sequence[bytes]) -> None:
        """The next bytes."""
        self._incoming.write(pieces)

    @property
    def size(self) -> int:
        """Bytes that came so far."""
        return self._incoming.size

    def discard(self) -> None:
        """Leave nothing behind."""
        self._incoming.discard()

    def become(self, row: Package, by: Actor) -> Future[list[Outcome]]:
        """All bytes came: they are stored as the one file of the package's dataset."""
        digests = self._incoming.digests()
        datasets.check_room(dataset=row.pk, path=row.file_name, size=digests.size)
        name = archive.object_name(id=self.id, name=row.file_name, at=timezone.now())
        arrival = Arrival(row.pk, row.file_name, self.id, digests, time.time_ns())
        return submit(
            volume=self._volume, incoming=self._incoming, object=name, by=by,
            files=[Arrived(arrival, 0, digests.size)],
        )  # fmt: skip


@transaction.atomic
def begin_deposit(
    *,
    by: Actor,
    name: str,
    file_name: str,
    group: int | None = None,
    user_metadata: object = None,
    after: int | None = None,
    at_hand: bool = False,
) -> Package:
    """A new package, NEW until its zip is there; needs DATASET_CREATE on the group. Its zip is what
    arrives next in its dataset as `file_name`, by whatever way.

    With `after` it is the next version of that package, in the same group: needs DATASET_CHANGE
    on it. What is not given is then as it was. Superseded when that one has a next version. When
    the zip is `at_hand`, it comes at once or never.
    """
    before = None if after is None else _followed(by, after)
    place = before.dataset.entity.parent_id if before is not None else group
    assert place is not None, "a first version has a group"  # noqa: S101
    if by.entity is None:
        raise NotSignedIn("Sign in to deposit.")
    name = rules.check_name(name or (before.name if before else ""))
    file_name = rules.file_name_of(file_name)
    if user_metadata is None:
        metadata = before.user_metadata if before else {}
    else:
        metadata = rules.check_metadata(user_metadata)
    dataset, now = _dataset(by, name, place, metadata), timezone.now()
    row = Package(
        dataset_id=dataset, name=name, file_name=file_name, user_metadata=metadata,
        words=rules.words_of(metadata), created_by_id=by.entity, created_at=now, changed_at=now,
        facts={AT_HAND: True} if at_hand else {},
    )  # fmt: skip
    if before is not None:
        row.version = before.version + 1
        row.previous_metadata = rules.with_history(before.previous_metadata, before.user_metadata)
    row.save(force_insert=True)
    note(row, Kind.PACKAGE_BEGUN, by=by)
    if before is not None:
        Package.objects.filter(pk=before.pk).update(next_version=row)
        facts = {"next_version": row.pk, "version": row.version}
        note(before, Kind.PACKAGE_FOLLOWED, by=by, details=facts)
    return row


def _followed(by: Actor, package: int) -> Package:
    row = locked(package, by, "DATASET_CHANGE")
    if row.next_version_id is not None and give_up_broken(row.next_version_id):
        row.next_version_id = None
    if row.next_version_id is not None:
        raise Superseded(
            f"Package {package} has a newer version: {row.next_version_id}.",
            package=package, next_version=row.next_version_id,
        )  # fmt: skip
    if not in_state(row, KEPT):
        raise NotReady("Only a package that was taken in has further versions.", package=package)
    return row


def _dataset(by: Actor, name: str, group: int, metadata: object) -> int:
    """Names of packages may repeat, those of datasets in one group do not."""
    asked = asked_values(group, metadata)

    def make(called: str) -> int:
        made = datasets.create_dataset(by=by, name=called, group=group, metadata=asked)
        return int(made.pk)

    try:
        with transaction.atomic():
            return make(rules.entity_name(name))
    except Conflict:
        return make(rules.entity_name(name, new_id().hex[-12:]))


def stored(future: Future[list[Outcome]], package: int) -> Package:
    """What became of `Zip.become`, when it is done: the package, UPLOADING, with its judge on the
    way; or the refusal, with the package UPLOAD_FAILED."""
    try:
        (outcome,) = future.result()
        if not isinstance(outcome, Attached):
            raise outcome
    except LaganError as error:
        fail(package, error.sentence)
        raise
    arrived(package)
    return Package.objects.get(pk=package)


@transaction.atomic
def arrived(package: int) -> None:
    """Its zip is there: take note of it and ask for the judge. Told again, it changes nothing."""
    row = held(package)
    if row is None or row.status != Status.NEW:
        return
    entry = dataset_queries.entries_at(package, [row.file_name]).get(row.file_name)
    if entry is None:
        return
    facts: dict[str, Any] = {"stored": entry.stored, "size": entry.size, "facts": {}}
    turn(row, Status.UPLOADING, **facts, checksum=entry.sha256 or "")
    # From here on it is what it is: nothing joins it, and nothing takes its place.
    datasets.close_dataset(by=SYSTEM, dataset=package)
    ask_for_judge(package)


def ask_for_judge(package: int, again: str = "") -> None:
    """One job for each package, and one more for each other `again`."""
    create_job(
        kind=STEP, title=f"Judge package {package}", by=SYSTEM,
        tasks=[TaskSpec(STEP, items=[str(package)])], key=f"{STEP}:{package}:{again}",
    )  # fmt: skip


@transaction.atomic
def fail(package: int, reason: str) -> None:
    """Its zip could not be taken: the record says why."""
    row = held(package)
    if row is None or row.status not in (Status.NEW, *rules.UNJUDGED):
        return
    row.facts.pop(AT_HAND, None)
    turn(row, Status.UPLOAD_FAILED, facts=row.facts)
    note(row, Kind.PACKAGE_FAILED, details=[{"error": reason}], result="failed")
    release_previous(row)


def give_up_broken(package: int) -> bool:
    """Whether its zip was at hand and never came: whoever was storing it was killed. Then it is
    UPLOAD_FAILED, and another version may take its place."""
    row = Package.objects.filter(pk=package, status=Status.NEW, facts__has_key=AT_HAND).first()
    if row is None or timezone.now() - row.changed_at < AT_ONCE:
        return False
    arrived(package)  # it may have come all the same
    fail(package, "It broke off while it was stored. Deposit it again.")
    return Package.objects.filter(pk=package, status=Status.UPLOAD_FAILED).exists()


def release_previous(row: Package) -> None:
    """What was to follow a package does not: another may."""
    Package.objects.filter(next_version=row).update(next_version=None)
