"""Containers as they are: found by id or name, read as a tree with their files."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from lagan.hub.doors.node.containers.sizes import batched
from lagan.hub.doors.node.files import catalogue
from lagan.hub.doors.node.models import Container, StoredFile
from lagan.hub.doors.node.wire.requests import InvalidParameter, Request


@dataclass(slots=True)
class Group:
    """A container, what is in it by name, and of each of its files the newest version that is in
    it: all copies of that, the good ones first."""

    row: Container
    groups: list[Group] = field(default_factory=list)
    files: list[list[StoredFile]] = field(default_factory=list)

    def walk(self) -> Iterator[Group]:
        """Itself and everything within."""
        yield self
        for each in self.groups:
            yield from each.walk()


def named(request: Request) -> Container:
    """The container that a request means by `container_id` or else by `container_name`.
    InvalidParameter when there is none, or more than one of that name."""
    id, name = request.get("container_id").strip(), request.get("container_name").strip()
    if id:
        return by_id(id)
    if not name:
        raise InvalidParameter("container_id or container_name needed")
    found = list(Container.objects.filter(container_name=name)[:2])
    if not found:
        raise InvalidParameter(f"No container with name '{name[:255]}'", container=name[:255])
    if len(found) > 1:
        raise InvalidParameter(
            f"More than one container with name '{name[:255]}', use container_id",
            container=name[:255],
        )
    return found[0]


def by_id(id: str) -> Container:
    """InvalidParameter when there is none."""
    row = Container.objects.filter(pk=id).first()
    if row is None:
        raise InvalidParameter(f"No container with id '{id[:100]}'", container=id[:100])
    return row


def read(top: Container, *, files: bool = True) -> Group:
    """The tree beneath a container; one question a level."""
    root = Group(top)
    known = {top.container_id: root}
    level = [root]
    while level:
        inner = [
            Group(row)
            for row in _beneath(each.row.container_id for each in level)
            # A table that other programs write may have a ring.
            if row.container_id not in known
        ]
        for each in inner:
            known[each.row.container_id] = each
            known[each.row.parent_container_id or ""].groups.append(each)
        level = inner
    if files:
        _fill(known)
    return root


def _beneath(ids: Iterable[str]) -> Iterator[Container]:
    for some in batched(ids):
        rows = Container.objects.filter(parent_container_id__in=some)
        yield from rows.order_by("container_name", "container_id")


def _fill(groups: Mapping[str, Group]) -> None:
    for some in batched(sorted(groups)):
        rows = StoredFile.objects.filter(container_id__in=some)
        copies: dict[tuple[str, str], list[StoredFile]] = {}
        for row in rows.order_by("file_id", "-file_version", "disk_id").iterator():
            same = copies.setdefault((row.container_id or "", row.file_id), [])
            if not same or same[0].file_version == row.file_version:
                same.append(row)
        for (container, _), same in copies.items():
            groups[container].files.append(sorted(same, key=catalogue.is_bad))


def ids(groups: Iterable[Group]) -> Sequence[str]:
    """Their containers' ids."""
    return [each.row.container_id for each in groups]
