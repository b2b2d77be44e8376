"""What a container's size is, and how it stays right: in the transaction that changes its files.

The size is that of its own files, each counted once, by the newest of its versions that are in the
container; not of sub-containers. Source: reference/ngas-http.md section 4.6.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from itertools import islice
from typing import NamedTuple, TypeVar

from django.db.models import F

from lagan.hub.doors.node.models import Container, StoredFile

BATCH = 5000
"""Ids in one question: what every database takes as parameters."""


T = TypeVar("T")


def batched(these: Iterable[T]) -> Iterator[list[T]]:
    """In lists of at most BATCH."""
    source = iter(these)
    while some := list(islice(source, BATCH)):
        yield some


class Member(NamedTuple):
    """A copy of a version of a file that is in a container; `size` in bytes, uncompressed."""

    container: str
    file_id: str
    version: int
    size: int


def counted(members: Iterable[Member]) -> dict[str, int]:
    """The bytes of each container that has any of these."""
    newest: dict[tuple[str, str], tuple[int, int]] = {}
    for each in members:
        key = (each.container, each.file_id)
        newest[key] = max(newest.get(key, (0, 0)), (each.version, each.size))
    sizes: dict[str, int] = defaultdict(int)
    for (container, _), (_, size) in newest.items():
        sizes[container] += size
    return dict(sizes)


def changes(before: Mapping[str, int], after: Mapping[str, int]) -> dict[str, int]:
    """By how many bytes each container became larger; those that stayed as they were are not
    named."""
    grown = {id: after.get(id, 0) - before.get(id, 0) for id in {*before, *after}}
    return {id: grown[id] for id in sorted(grown) if grown[id]}


def members(file_ids: Iterable[str]) -> Iterator[Member]:
    """The copies of these files that are in any container."""
    for some in batched(sorted(set(file_ids))):
        rows = StoredFile.objects.filter(file_id__in=some).exclude(container_id=None)
        yield from map(
            Member._make,
            rows.values_list("container_id", "file_id", "file_version", "uncompressed_file_size"),
        )


@contextmanager
def kept(file_ids: Iterable[str]) -> Iterator[None]:
    """Whatever becomes of these files in the block, their containers' sizes follow; in the caller's
    transaction."""
    ids = set(file_ids)
    before = counted(members(ids))
    yield
    for id, grown in changes(before, counted(members(ids))).items():
        Container.objects.filter(pk=id).update(container_size=F("container_size") + grown)
