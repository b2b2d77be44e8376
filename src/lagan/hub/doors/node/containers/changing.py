"""Containers are made, filled, emptied, closed and dissolved; each verb is one transaction.

No verb touches a file's bytes: a container only says which files belong together. Source:
reference/ngas-http.md section 4.6.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from uuid import uuid4

from lagan.hub.audit import services as audit
from lagan.hub.audit.kinds import Kind
from lagan.hub.base import bulk
from lagan.hub.base.actors import Actor
from lagan.hub.doors.node.containers import groups, sizes
from lagan.hub.doors.node.containers.sizes import batched
from lagan.hub.doors.node.files import catalogue
from lagan.hub.doors.node.models import Container, StoredFile
from lagan.hub.doors.node.wire.moments import show_local
from lagan.hub.doors.node.wire.reply import Failed

LOGICAL = "logical"
"""The only type of container there is."""
_SHOWN = 20
"""Ids that an audit event or a refusal names."""


@dataclass(slots=True)
class Wanted:
    """A container that is to be, with those in it. `size` in bytes; `id` is made here."""

    name: str
    inner: list[Wanted] = field(default_factory=list)
    size: int = 0
    id: str = field(default_factory=lambda: str(uuid4()))

    def walk(self, parent: str | None = None) -> Iterator[tuple[Wanted, str | None]]:
        """Itself and everything within, each with the id of what it is in."""
        yield self, parent
        for each in self.inner:
            yield from each.walk(self.id)


def create(*, wanted: Wanted, parent: str | None, by: Actor, closed: bool = False) -> None:
    """Make a container with everything in it. Failed: a name twice at one place, or no such
    parent. Roots may share a name."""
    now = show_local(datetime.now(UTC))
    with catalogue.turn():
        if parent is not None:
            with _locked([groups.by_id(parent).container_id]):
                taken = Container.objects.filter(
                    parent_container_id=parent, container_name=wanted.name
                )
                if taken.exists():
                    raise _twice(wanted.name, parent)
        rows = [
            (each.id, above, each.name, now if closed else None, each.size, LOGICAL)
            for each, above in wanted.walk(parent)
        ]
        _require_distinct(wanted)
        bulk.insert(Container, rows, _COLUMNS)
        _record(by, "created", [each[0] for each in rows], name=wanted.name)


_COLUMNS = (
    *("container_id", "parent_container_id", "container_name", "ingestion_date"),
    *("container_size", "container_type"),
)


def append(*, container: str, file_ids: Sequence[str], force: bool, close: bool, by: Actor) -> None:
    """Put files into a container. Failed: an unknown file, or one that is in another container
    unless `force` takes it from there. Older versions stay where they are unless forced."""
    with catalogue.turn(), _members(file_ids, container):
        for some in batched(dict.fromkeys(file_ids)):
            others = _there(each.container for each in sizes.members(some)) - {container}
            newest = _newest(some)
            for file_id in some:
                _require_free(file_id, newest, set() if force else others)
            rows = StoredFile.objects.filter(file_id__in=some)
            (rows if force else rows.exclude(container_id__in=others)).update(
                container_id=container
            )
        if close:
            _close(container)
        what = "filled and closed" if close else "filled"
        _record(by, what, [container], count=len(file_ids), files=list(file_ids[:_SHOWN]))


def remove(*, container: str, file_ids: Sequence[str], by: Actor) -> None:
    """Take files out of a container; those that are not in it do not matter."""
    with catalogue.turn(), _members(file_ids, container):
        for some in batched(dict.fromkeys(file_ids)):
            rows = StoredFile.objects.filter(container_id=container, file_id__in=some)
            rows.update(container_id=None)
        _record(by, "emptied", [container], count=len(file_ids), files=list(file_ids[:_SHOWN]))


def destroy(*, container: str, recursive: bool, by: Actor) -> None:
    """Dissolve a container; its files belong to none then. Failed: there are containers in it and
    it was not said that they go too."""
    with catalogue.turn():
        tree = groups.read(groups.by_id(container), files=False)
        if tree.groups and not recursive:
            raise Failed(
                f"Container with id '{container}' has sub-containers, use the recursive option to "
                "remove them"
            )
        gone = groups.ids(tree.walk())
        with _locked(gone):
            for some in batched(gone):
                StoredFile.objects.filter(container_id__in=some).update(container_id=None)
                Container.objects.filter(pk__in=some).delete()
        _record(by, "dissolved", gone)


@contextmanager
def _members(file_ids: Sequence[str], container: str) -> Iterator[None]:
    """Nobody else changes these files or their containers; sizes follow."""
    catalogue.hold_ids(file_ids)
    others = {each.container for each in sizes.members(file_ids)}
    with _locked(sorted({container, *others})), sizes.kept(file_ids):
        groups.by_id(container)
        yield


@contextmanager
def _locked(ids: Sequence[str]) -> Iterator[None]:
    """These containers' rows are ours until the transaction ends."""
    for some in batched(sorted(ids)):
        list(Container.objects.select_for_update().filter(pk__in=some).order_by("pk"))
    yield


def _there(ids: Iterable[str]) -> set[str]:
    """Those that are containers; an upload that was killed leaves the id of one that never was."""
    return set(Container.objects.filter(pk__in=set(ids)).values_list("pk", flat=True))


def _newest(file_ids: Sequence[str]) -> dict[str, str | None]:
    """What is said to be the container of the highest version of each file that is there."""
    rows = StoredFile.objects.filter(file_id__in=file_ids).order_by("file_version")
    return dict(rows.values_list("file_id", "container_id"))


def _require_free(file_id: str, newest: Mapping[str, str | None], others: set[str]) -> None:
    if file_id not in newest:
        raise Failed(f"No file with fileId '{file_id}' found, cannot append it to container")
    if newest[file_id] in others:
        raise Failed(
            f"File with fileId '{file_id}' is already in another container, use force=1 to take "
            "it from there"
        )


def _close(container: str) -> None:
    rows = Container.objects.filter(pk=container)
    rows.update(ingestion_date=show_local(datetime.now(UTC)))


def _require_distinct(wanted: Wanted) -> None:
    for each, _ in wanted.walk():
        names = [inner.name for inner in each.inner]
        if len(set(names)) < len(names):
            raise _twice(next(name for name in names if names.count(name) > 1), each.name)


def _twice(name: str, parent: str) -> Failed:
    return Failed(
        f"A container with name '{name}' already exists as subcontainer of '{parent}', cannot add "
        "a new container with the same name"
    )


def _record(by: Actor, what: str, ids: Sequence[str], **more: object) -> None:
    data = {"what": what, "containers": list(ids[:_SHOWN]), "of": len(ids), **more}
    audit.record(kind=Kind.NODE_CONTAINER, by=by, data=data)
