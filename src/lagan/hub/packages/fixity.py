"""Rounds of fixity: every byte of every copy of a package is read again and its outer checksum
compared, and each result is in the record."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, TypeAlias

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from lagan.hub.audit import queries as audit
from lagan.hub.audit.kinds import Kind
from lagan.hub.base.actors import SYSTEM
from lagan.hub.jobs.services import TaskSpec, create_job
from lagan.hub.packages.models import Package
from lagan.hub.packages.reading import Look, copies, is_lost, look
from lagan.hub.packages.rows import held, in_state, note, turn
from lagan.hub.packages.rules import KEPT, Status
from lagan.worker.steps import Context

STEP = "packages.check"
MOST = 20_000
"""Packages of one round; what is over comes the next day."""
TOGETHER = 50
"""Packages of a task."""
MUCH = 1 << 30
"""Bytes after which what was found is recorded: a worker that is killed reads at most these again,
and one package."""
Found: TypeAlias = tuple[int, Sequence[Look]]


def plan_round() -> None:
    """Ask for a look at what was not looked at for nearly `LAGAN_PACKAGE_DAYS`, the longest unseen
    first."""
    before = timezone.now() - timedelta(days=settings.CONFIG.package_days) * 0.9
    there = Package.objects.filter(removed_at=None, dataset__removed_at=None)
    rows = there.filter(status__in=KEPT, checked_at__lt=before)
    ids = list(rows.order_by("checked_at").values_list("pk", flat=True)[:MOST])
    tasks = [
        TaskSpec(STEP, items=list(map(str, ids[start : start + TOGETHER])))
        for start in range(0, len(ids), TOGETHER)
    ]
    if tasks:
        title = f"Check {len(ids)} package{'s' if len(ids) > 1 else ''}"
        key = f"{STEP}:{datetime.now(UTC):%Y-%m-%d}"
        create_job(kind=STEP, title=title, by=SYSTEM, tasks=tasks, key=key)


def check_step(context: Context, args: Mapping[str, Any], items: Sequence[str]) -> dict[str, Any]:
    """Look at packages by their ids. Small ones are settled together: one transaction, and one look
    of the archive at all that is damaged."""
    size = settled = failed = 0
    found: list[Found] = []
    for done, item in enumerate(items, 1):
        row = Package.objects.filter(pk=int(item)).first()
        if row is not None and in_state(row, KEPT):
            looks, size = look_at(row, context, done - 1, size)
            found.append((row.pk, looks))
        if size - settled > MUCH:
            failed, settled, found = failed + settle(found), size, []
        context.progress(done, size)
    return {"bytes": size, "failed": failed + settle(found)}


def look_at(row: Package, context: Context, done: int, size: int) -> tuple[list[Look], int]:
    """Every copy of the package, and the bytes read so far."""

    def told(count: int) -> None:
        nonlocal size
        size += count
        context.progress(done, size)

    return [look(place, told) for place in copies(row)], size


@transaction.atomic
def settle(found: Sequence[Found]) -> int:
    """Record what a round found of packages, and have what is damaged healed; how many of them have
    no copy that is right."""
    failed, bad = 0, list[Look]()
    for package, looks in found:
        whole, wrong = conclude(package, looks)
        failed += not whole
        bad += wrong
    ask_for_healing(bad)
    return failed


def conclude(package: int, looks: Sequence[Look]) -> tuple[bool, list[Look]]:
    """Record what a round found; whether the package is whole, and the copies that are not right.
    One copy that is right is enough to give it out. Where nothing is right, or nothing could be
    read, the next round looks again."""
    row = held(package)
    if row is None or not in_state(row, KEPT):
        return True, []
    bad = [each for each in looks if each.sha256 != row.checksum]
    told: dict[str, Any] = {"copies": len(looks)}
    told |= {"damaged": [each.location.volume for each in bad]}
    if whole := len(bad) < len(looks):
        row.checked_at = timezone.now()
        row.save(update_fields=["checked_at"])
        told |= recovery(package)
        if row.status == Status.CHECKSUM_FAILED:
            turn(row, Status.CHECKSUM_OK)
        note(row, Kind.PACKAGE_CHECKED, details={"sha256": row.checksum}, more=told)
    else:
        lost = not looks and is_lost(row)
        if lost or any(each.sha256 for each in bad):
            turn(row, Status.CHECKSUM_FAILED)
        details = said_of(bad, lost)
        note(row, Kind.PACKAGE_CHECKED, details=details, result="failed", more=told)
    return whole, bad


def recovery(package: int) -> dict[str, bool]:
    """What an event about a good look says more when the last look found nothing good."""
    last = audit.newest_about([package], {Kind.PACKAGE_CHECKED}, None, 1)
    return {"recovered": True} if last and last[0].result == "failed" else {}


def said_of(bad: Sequence[Look], lost: bool = False) -> list[dict[str, str]]:
    """What is wrong, copy by copy."""
    if lost:
        return [{"error": "Every copy was found damaged or gone."}]
    if not bad:
        return [{"error": "No copy can be read just now."}]
    return [
        {"error": f"{each.location.volume}: {each.reason or f'its SHA-256 is {each.sha256}.'}"}
        for each in bad
    ]


def ask_for_healing(bad: Iterable[Look]) -> None:
    """Have the archive look at the objects itself, mark what is damaged, and replace it from a copy
    that is good. What could not be read says nothing: its volume may be away."""
    objects: dict[tuple[str, str], set[str]] = {}
    for each in bad:
        place = each.location
        if each.sha256:
            objects.setdefault((str(place.volume_id), place.volume), set()).add(place.object)
    for (id, volume), names in sorted(objects.items()):
        args = {"volume": id, "depth": "full"}
        task = TaskSpec("archive.scrub", args=args, items=sorted(names), priority=10)
        title = f"Look at damaged packages on {volume}"
        create_job(kind="archive.scrub", title=title, by=SYSTEM, tasks=[task])
