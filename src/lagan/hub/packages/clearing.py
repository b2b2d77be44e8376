"""Deposits that were refused go after a while; what they were, and why, stays on record."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from lagan.hub.audit.kinds import Kind
from lagan.hub.base.actors import SYSTEM
from lagan.hub.datasets import services as datasets
from lagan.hub.jobs.services import TaskSpec, create_job
from lagan.hub.packages.depositing import arrived, fail
from lagan.hub.packages.models import Package
from lagan.hub.packages.rows import held, note
from lagan.hub.packages.rules import REFUSED, Status
from lagan.worker.steps import Context

STEP = "packages.clear"
AWAITED_FOR = timedelta(days=8)
"""How long a deposit may wait for its zip: uploads that rest end a day earlier."""
MOST = 10_000


def kept_for() -> timedelta:
    """How long the content of a refused deposit is kept, so that its depositor can be helped."""
    return timedelta(days=settings.CONFIG.refused_days)


def plan_clearing() -> None:
    """Ask for what is due."""
    now = timezone.now()
    refused = Package.objects.filter(
        status__in=REFUSED, removed_at=None, changed_at__lt=now - kept_for()
    )
    unfinished = Package.objects.filter(status=Status.NEW, changed_at__lt=now - AWAITED_FOR)
    ids = [
        *refused.order_by("changed_at").values_list("pk", flat=True)[:MOST],
        *unfinished.order_by("changed_at").values_list("pk", flat=True)[:MOST],
    ]
    if ids:
        key = f"{STEP}:{datetime.now(UTC):%Y-%m-%d}"
        tasks = [TaskSpec(STEP, items=[str(each) for each in ids])]
        create_job(kind=STEP, title="Clear refused deposits", by=SYSTEM, tasks=tasks, key=key)


def clear_step(context: Context, args: Mapping[str, Any], items: Sequence[str]) -> dict[str, Any]:
    """Remove the content of refused deposits; give up those that never came."""
    removed = 0
    for done, item in enumerate(items, 1):
        give_up(int(item))
        removed += clear(int(item))
        context.progress(done)
    return {"removed": removed}


def give_up(package: int) -> None:
    """One whose zip never came is UPLOAD_FAILED; its record waits as that of others does."""
    row = Package.objects.filter(pk=package, status=Status.NEW).first()
    if row is not None and timezone.now() - row.changed_at > AWAITED_FOR:
        arrived(package)  # it may have come all the same
        if Package.objects.filter(pk=package, status=Status.NEW).exists():
            fail(package, "The zip never came.")


@transaction.atomic
def clear(package: int) -> bool:
    """Remove the content of a refused deposit whose time has come."""
    row = held(package)
    if row is None or row.removed_at is not None or row.status not in REFUSED:
        return False
    if timezone.now() - row.changed_at < kept_for():
        return False
    datasets.remove_dataset(by=SYSTEM, dataset=package)
    datasets.erase(by=SYSTEM, dataset=package)
    row.removed_at = timezone.now()
    row.save(update_fields=["removed_at"])
    note(row, Kind.PACKAGE_REMOVED, details={"sha256": row.checksum})
    return True
