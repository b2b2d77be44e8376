"""Packages as their readers may see them: one, those of a group, those whose metadata has a word,
and what was done to them."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import Q, QuerySet

from lagan.hub.audit import queries as audit
from lagan.hub.audit.kinds import Kind
from lagan.hub.audit.rules import EventRow
from lagan.hub.base.actors import Actor
from lagan.hub.packages.groups import Context as Context
from lagan.hub.packages.groups import contexts as contexts
from lagan.hub.packages.groups import group_called as group_called
from lagan.hub.packages.groups import places as places
from lagan.hub.packages.models import Package
from lagan.hub.packages.rules import KEPT as KEPT
from lagan.hub.packages.rules import REFUSED as REFUSED
from lagan.hub.packages.rules import UNJUDGED as UNJUDGED
from lagan.hub.packages.rules import Status as Status
from lagan.hub.packages.rules import extension_of
from lagan.hub.tree import queries as tree
from lagan.hub.tree import services as tree_services
from lagan.kit.errors import NotFound

PAGE = 500
"""Rows read at once."""
KINDS = frozenset(
    {
        Kind.PACKAGE_BEGUN,
        Kind.PACKAGE_FAILED,
        Kind.PACKAGE_JUDGED,
        Kind.PACKAGE_DIGESTED,
        Kind.PACKAGE_STORED,
        Kind.PACKAGE_CHECKED,
        Kind.PACKAGE_REQUESTED,
        Kind.PACKAGE_FETCHED,
        Kind.PACKAGE_NOT_FETCHED,
        Kind.PACKAGE_CHANGED,
        Kind.PACKAGE_FOLLOWED,
        Kind.PACKAGE_REMOVED,
    }
)
"""What a package's audit messages tell of."""


WRONG = frozenset(
    {Status.UPLOAD_FAILED, Status.NOT_VALID_BAGIT, Status.CHECKSUM_FAILED, Status.DOWNLOAD_FAILED}
)
"""Statuses of packages that somebody should look at."""
WENT_WRONG = ("failed", "not-valid")
"""The results of such events."""
MOST_WRONG = 100
"""As many are counted at most."""


@dataclass(frozen=True, slots=True)
class PackageRow:
    """A package as a list or a page shows it. Sizes are in bytes; `checksum` is the SHA-256 of the
    zip as it was received, `sha256` as it was computed from what is stored."""

    id: int
    group: int
    name: str
    file_name: str
    size: int | None
    checksum: str
    sha256: str
    version: int
    next_version: int | None
    user_metadata: Any
    previous_metadata: dict[str, Any]
    status: str
    facts: dict[str, Any]
    created_by: int | None
    created_by_name: str
    created_at: datetime
    checked_at: datetime | None
    removed_at: datetime | None
    stored: UUID | None
    changed_at: datetime

    @property
    def extension(self) -> str:
        """Of its file's name."""
        return extension_of(self.file_name)


@dataclass(frozen=True, slots=True)
class PackageEvent:
    """Something that was done to a package, and the package as it is called now."""

    event: EventRow
    package: PackageRow


def package(actor: Actor, id: int, *, group: int | None = None) -> PackageRow:
    """One package; needs DATASET_READ. NotFound when there is none, it is hidden, or it is in
    another group than `group`."""
    found = _rows(_visible(actor).filter(pk=id)) if 0 <= id < 2**63 else []
    if not found or group not in (None, found[0].group):
        raise NotFound(f"There is no package {id}.", package=id)
    return found[0]


def packages(
    actor: Actor, group: int | None = None, *, before: int | None = None, size: int = PAGE
) -> list[PackageRow]:
    """Those that the actor may read, of one group or of all, newest first; below the id `before`.
    What was removed is not among them."""
    rows = _visible(actor).filter(removed_at=None, dataset__removed_at=None)
    return _page(rows, group, before, size)


def search(
    actor: Actor, text: str, group: int | None = None, *, before: int | None = None,
    size: int = PAGE,
) -> list[PackageRow]:  # fmt: skip
    """As `packages`, those with `text` within a value of their metadata, whatever the case. Needs
    DATASET_METADATA_READ as well."""
    wanted = text.strip().lower().replace("\x00", "")
    rows = _visible(actor).filter(removed_at=None, dataset__removed_at=None)
    rows = rows.filter(words__contains=wanted)
    seen = tree.allowed(actor, "DATASET_METADATA_READ")
    return _page(rows.filter(tree.within(seen, _PATH)), group, before, size)


def neighbours(actor: Actor, row: PackageRow) -> tuple[PackageRow | None, PackageRow | None]:
    """The version before a package and the one after it, as far as the actor may read them."""
    near = Q(next_version=row.id) | Q(pk=row.next_version)
    found = {each.version < row.version: each for each in _rows(_visible(actor).filter(near))}
    return found.get(True), found.get(False)


def wrong_since(actor: Actor, since: datetime) -> int:
    """How many of the packages whose log the actor may read went wrong after `since`, and still
    are; counted up to MOST_WRONG."""
    rows = Package.objects.filter(status__in=WRONG, changed_at__gt=since)
    if not rows.exists():  # as nearly always, and cheaper than to ask what the actor may
        return 0
    seen = tree.within(tree.allowed(actor, "DATASET_LOG_READ"), _PATH)
    return len(rows.filter(seen).values_list("pk", flat=True)[:MOST_WRONG])


def mark(actor: Actor, id: int) -> tuple[Any, ...]:
    """What is equal as long as the page of a package shows the same; NotFound as `package`."""
    row = package(actor, id)
    return row.status, row.changed_at, row.checked_at, row.removed_at, row.next_version, row.name


def events(
    actor: Actor, id: int, *, group: int | None = None, before: int | None = None, size: int = PAGE
) -> list[PackageEvent]:
    """What was done to a package, newest first; needs DATASET_LOG_READ."""
    row = package(actor, id, group=group)
    tree_services.require(actor=actor, permission="DATASET_LOG_READ", entity=id)
    return [PackageEvent(each, row) for each in audit.newest_about([id], KINDS, before, size)]


def events_in(
    actor: Actor, group: int | None = None, *, before: int | None = None, size: int = PAGE,
    kinds: Collection[str] = KINDS, results: Collection[str] = (),
) -> list[PackageEvent]:  # fmt: skip
    """The same of all packages in a group, or of all that the actor may read; with some `kinds` or
    `results` of events only these."""
    seen = tree.within(tree.allowed(actor, "DATASET_LOG_READ"), _PATH)
    rows = _in_group(_visible(actor).filter(seen), group)
    asked = KINDS.intersection(kinds)
    found = audit.newest_about(rows.values("pk"), asked, before, size, results)
    ids = {each.subject for each in found}
    known = {each.id: each for each in _rows(Package.objects.filter(pk__in=ids))}
    return [PackageEvent(each, known[each.subject]) for each in found if each.subject in known]


def of_dataset(ids: Sequence[int]) -> frozenset[int]:
    """Which of these datasets are packages. Asks no permission."""
    return frozenset(Package.objects.filter(pk__in=ids).values_list("pk", flat=True))


_PATH = "dataset__entity__path"


def _visible(actor: Actor) -> QuerySet[Package]:
    return Package.objects.filter(tree.within(tree.allowed(actor, "DATASET_READ"), _PATH))


def _in_group(rows: QuerySet[Package], group: int | None) -> QuerySet[Package]:
    return rows if group is None else rows.filter(Q(dataset__entity__parent=group))


def _page(
    rows: QuerySet[Package], group: int | None, before: int | None, size: int
) -> list[PackageRow]:
    rows = _in_group(rows, group)
    if before is not None:
        rows = rows.filter(pk__lt=before)
    return _rows(rows.order_by("-pk")[:size])


def _rows(rows: QuerySet[Package]) -> list[PackageRow]:
    return [
        PackageRow(
            id=each.pk,
            group=each.dataset.entity.parent_id,
            name=each.name,
            file_name=each.file_name,
            size=each.size,
            checksum=each.checksum,
            sha256=each.sha256,
            version=each.version,
            next_version=each.next_version_id,
            user_metadata=each.user_metadata,
            previous_metadata=each.previous_metadata,
            status=each.status,
            facts=each.facts,
            created_by=each.created_by_id,
            created_by_name=each.created_by.name if each.created_by else "",
            created_at=each.created_at,
            checked_at=each.checked_at,
            removed_at=each.removed_at or each.dataset.removed_at,
            stored=each.stored,
            changed_at=each.changed_at,
        )
        for each in rows.select_related("dataset__entity", "created_by")
    ]
