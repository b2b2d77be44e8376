"""What the tree keeps about a person, and how it forgets: the rows that hang on its USER entity."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from lagan.hub.tree.models import Grant, Membership, Metadata

Row = Mapping[str, Any]


def metadata(entity: int) -> Iterator[Row]:
    """The values that describe the person."""
    rows = Metadata.objects.filter(entity=entity).order_by("key", "position")
    return iter(rows.values("key", "position", "text"))


def forget_metadata(entity: int) -> None:
    """All of them: anybody may have written a name there."""
    Metadata.objects.filter(entity=entity).delete()


def memberships(entity: int) -> Iterator[Row]:
    """The groups whose roles the person has directly."""
    rows = Membership.objects.filter(member=entity).order_by("group__path")
    return iter(rows.values("group_id", "group__name"))


def forget_memberships(entity: int) -> None:
    """Who has left is a member of nothing."""
    Membership.objects.filter(member=entity).delete()


def grants(entity: int) -> Iterator[Row]:
    """What the person itself is granted or denied, and where."""
    rows = Grant.objects.filter(subject=entity).order_by("object__path", "permission")
    return iter(rows.values("object_id", "object__name", "permission", "deny"))


def forget_grants(entity: int) -> None:
    """Who has left may do nothing."""
    Grant.objects.filter(subject=entity).delete()
