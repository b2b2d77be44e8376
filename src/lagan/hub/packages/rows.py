"""A package's row, found and held; what changes its status says so in the record."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from django.utils import timezone

from lagan.hub.audit import services as audit
from lagan.hub.audit.kinds import Kind
from lagan.hub.base.actors import SYSTEM, Actor
from lagan.hub.packages.models import Package
from lagan.hub.packages.rules import Status
from lagan.hub.tree import services as tree
from lagan.kit.errors import NotFound

_PASSING = frozenset({Kind.PACKAGE_REQUESTED, Kind.PACKAGE_FETCHED, Kind.PACKAGE_NOT_FETCHED})
"""What changes nothing of what a package is."""


def locked(package: int, by: Actor, permission: str) -> Package:
    """The row, held until the transaction ends, when the actor holds the permission on it."""
    row = held(package)
    tree.require(actor=by, permission=permission, entity=package)
    if row is None:
        raise NotFound(f"There is no package {package}.", package=package)
    return row


def held(package: int) -> Package | None:
    """The row, held until the transaction ends; for the hub's own work."""
    rows = Package.objects.select_for_update(of=("self",))
    return rows.filter(pk=package).first() if 0 <= package < 2**63 else None


def turn(row: Package, status: Status, **facts: Any) -> None:
    """Give the row its new status, and the facts that come with it."""
    row.status, row.changed_at = status, timezone.now()
    for name, value in facts.items():
        setattr(row, name, value)
    row.save(update_fields=["status", "changed_at", *facts])


def note(
    row: Package,
    kind: Kind,
    *,
    by: Actor = SYSTEM,
    details: object = None,
    result: str = "done",
    more: Mapping[str, Any] | None = None,
) -> None:
    """One event about the package; `details` is what its depositor is shown."""
    if kind not in _PASSING:
        row.touched_at = timezone.now()
        Package.objects.filter(pk=row.pk).update(touched_at=row.touched_at)
    data = {"name": row.name, "version": row.version, "details": details, **(more or {})}
    audit.record(kind=kind, by=by, subject=row.pk, data=data, result=result)


def in_state(row: Package | None, states: Collection[str]) -> bool:
    """Whether it is there, with its content, in one of the states."""
    return row is not None and not is_removed(row) and row.status in states


def is_removed(row: Package) -> bool:
    """Whether its content was removed, or its dataset was by people."""
    return row.removed_at is not None or row.dataset.removed_at is not None
