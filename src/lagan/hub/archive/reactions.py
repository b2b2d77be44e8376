"""What the archive does by itself: copies of what arrives, a look at everything within 30 days,
snapshots."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from itertools import islice

from lagan.hub.archive.models import Volume, VolumeState
from lagan.hub.archive.rules import slices
from lagan.hub.archive.services.replicating import lacking
from lagan.hub.archive.services.scrubbing import due_objects
from lagan.hub.archive.services.volumes import refresh_volumes
from lagan.hub.archive.services.wanted import wanted_volumes
from lagan.hub.archive.steps import file_tasks
from lagan.hub.audit.feed import Reaction
from lagan.hub.audit.feed import register as register_reaction
from lagan.hub.audit.kinds import Kind
from lagan.hub.audit.rules import EventRow
from lagan.hub.base.actors import SYSTEM
from lagan.hub.jobs.schedules import register_schedule
from lagan.hub.jobs.services import TaskSpec, create_job

MOST = 100_000
"""Files or objects in one job that a schedule makes; what is over comes the next time."""
OBJECTS = 200
"""Objects of a scrubbing task: packs hold 256 MiB, so a task lasts minutes."""


def replicate_stored(events: Sequence[EventRow]) -> None:
    """Ask for the copies of what was stored; asked twice, the same job."""
    if not any(len(each) > 1 for each in wanted_volumes(Volume.objects.all()).values()):
        return
    files = [file for event in events for file in event.data.get("files", ())]
    if files:
        create_job(
            kind="archive.replicate",
            title=f"Copy {len(files)} new file{'s' if len(files) > 1 else ''}",
            by=SYSTEM,
            tasks=file_tasks("archive.replicate", files),
            key=f"archive.replicate:{events[0].sequence}-{events[-1].sequence}",
        )


def replicate_lacking() -> None:
    """Ask for copies that are still missing, whatever became of the first try."""
    files = list(islice(lacking(), MOST))
    if files:
        create_job(
            kind="archive.replicate",
            title=f"Copy {len(files)} files that lack a copy",
            by=SYSTEM,
            tasks=file_tasks("archive.replicate", files),
        )


def scrub_due() -> None:
    """Ask for a look at what was not looked at for nearly the interval, on every volume that is
    there."""
    for row in Volume.objects.filter(state__in=(VolumeState.ONLINE, VolumeState.READONLY)):
        scrub_volume(row, islice(due_objects(row), MOST), key=_today(f"archive.scrub:{row.id}"))


def scrub_volume(
    row: Volume, objects: Iterable[str], *, depth: str = "crc", key: str | None = None
) -> None:
    """Ask for a look at `objects` of a volume; no job if there are none."""
    tasks = [
        TaskSpec("archive.scrub", args={"volume": str(row.id), "depth": depth}, items=some)
        for some in slices(objects, OBJECTS)
    ]
    if tasks:
        create_job(kind="archive.scrub", title=f"Scrub {row.name}", by=SYSTEM, tasks=tasks, key=key)


def compact_all() -> None:
    """Ask every volume's packs to be looked over."""
    for row in Volume.objects.filter(state=VolumeState.ONLINE):
        _once("archive.plan-compacting", f"Look over the packs of {row.name}", volume=str(row.id))


def _once(step: str, title: str, **args: str) -> None:
    key = _today(":".join([step, *args.values()]))
    create_job(kind=step, title=title, by=SYSTEM, tasks=[TaskSpec(step, args=args)], key=key)


def _today(what: str) -> str:
    return f"{what}:{datetime.now(UTC):%Y-%m-%d}"


def register() -> None:
    """Start reacting; called once a process."""
    register_reaction(
        Reaction("archive.replicate", frozenset({Kind.FILES_STORED}), replicate_stored)
    )
    register_schedule("archive.volumes", timedelta(minutes=5), refresh_volumes)
    register_schedule("archive.lacking", timedelta(hours=6), replicate_lacking)
    register_schedule("archive.scrub", "10 1 * * *", scrub_due)
    register_schedule("archive.snapshot", "30 */4 * * *", _snapshot)
    register_schedule("archive.sweep", "50 3 * * *", _sweep)
    register_schedule("archive.tally", "20 4 * * *", _tally)
    register_schedule("archive.compact", "40 4 * * 0", compact_all)


def _snapshot() -> None:
    step, title = "archive.snapshot", "Write a snapshot of the catalogue"
    create_job(kind=step, title=title, by=SYSTEM, tasks=[TaskSpec(step)])


def _sweep() -> None:
    _once("archive.sweep", "Settle what was left on the volumes")


def _tally() -> None:
    _once("archive.refresh", "Count what the volumes hold")
