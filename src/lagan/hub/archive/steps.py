"""The archive's work as steps of the engine: idempotent for each item, safe to kill anywhere.

Items are the ids of files, but of `archive.scrub` and `archive.compact` the names of objects on the
volume
that the arguments name; `archive.plan-compacting`, `archive.snapshot`, `archive.sweep` and
`archive.refresh` have none.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from typing import Any
from uuid import UUID

from lagan.hub.archive import rules
from lagan.hub.archive.models import Volume
from lagan.hub.archive.services import snapshots, sweeping, volumes
from lagan.hub.archive.services.compacting import compact, plan
from lagan.hub.archive.services.healing import heal
from lagan.hub.archive.services.replicating import Outcome, replicate
from lagan.hub.archive.services.scrubbing import scrub
from lagan.hub.base.actors import SYSTEM
from lagan.hub.jobs.services import TaskSpec, create_job
from lagan.kit.errors import BadInput, LaganError
from lagan.store import Throttle
from lagan.worker.steps import Context, register_step

TOGETHER = 2000
"""Files worked on at once: enough to fill a pack, little enough to hold their rows in memory."""
ITEMS = 500
"""Items of a task."""

Work = Callable[..., Outcome]


class _Halted(Exception):
    """The engine wants the work to end; not a refusal, so that nothing takes it for a fault of a
    copy."""

    def __init__(self, word: LaganError) -> None:
        super().__init__(word.sentence)
        self.word = word


def replicate_step(
    context: Context, args: Mapping[str, Any], items: Sequence[str]
) -> dict[str, Any]:
    """Copy files to every volume of their storage set that lacks them."""
    return _files_step(context, items, replicate)


def heal_step(context: Context, args: Mapping[str, Any], items: Sequence[str]) -> dict[str, Any]:
    """Replace damaged copies of files."""
    return _files_step(context, items, heal)


def scrub_step(context: Context, args: Mapping[str, Any], items: Sequence[str]) -> dict[str, Any]:
    """Look at objects of the volume `volume`, to the depth `depth` (crc, full), at `rate` bytes a
    second."""
    depth, rate = args.get("depth", "crc"), args.get("rate")
    if depth not in ("crc", "full"):
        raise BadInput(f"A scrub is crc or full deep, not {depth!r}.", depth=depth)
    found = scrub(
        _volume(args),
        items,
        depth=depth,
        rate=Throttle(rate) if rate else None,
        progress=context.progress,
    )
    heal_files(found.damaged)
    return {"objects": found.objects, "bytes": found.bytes, "damaged": len(found.damaged)}


def compact_step(context: Context, args: Mapping[str, Any], items: Sequence[str]) -> dict[str, Any]:
    """Make one pack of those named, on the volume `volume`."""
    outcome = _halting(context, lambda told: compact(_volume(args), items, progress=told))
    heal_files(outcome.damaged)
    return {"bytes": outcome.bytes, "failed": len(outcome.failed)}


def plan_compacting_step(
    context: Context, args: Mapping[str, Any], items: Sequence[str]
) -> dict[str, Any]:
    """Find the packs of the volume `volume` that should become one, and make a job of it."""
    volume = _volume(args)
    groups = plan(volume)
    if groups:
        create_job(
            kind="archive.compact",
            title=f"Compact packs on {volume.name}",
            by=SYSTEM,
            tasks=[
                TaskSpec("archive.compact", args={"volume": str(volume.id)}, items=group)
                for group in groups
            ],
        )
    return {"groups": len(groups)}


def snapshot_step(
    context: Context, args: Mapping[str, Any], items: Sequence[str]
) -> dict[str, Any]:
    """Write a snapshot of the catalogue to the volumes."""
    made = snapshots.snapshot(by=SYSTEM)
    return {"name": made.name, "rows": made.rows, "size": made.size, "volumes": made.volumes}


def sweep_step(context: Context, args: Mapping[str, Any], items: Sequence[str]) -> dict[str, Any]:
    """Settle what killed processes left on the volumes."""
    swept = sweeping.sweep(by=SYSTEM)
    return {each.volume: each.counts() for each in swept}


def refresh_step(context: Context, args: Mapping[str, Any], items: Sequence[str]) -> dict[str, Any]:
    """Count the copies of every volume and note its room."""
    volumes.refresh_volumes()
    volumes.tally_volumes()
    return {}


def heal_files(files: Collection[UUID]) -> None:
    """Ask for a job that heals `files`, if there are any."""
    if files:
        create_job(
            kind="archive.heal",
            title=f"Heal {len(files)} damaged file{'s' if len(files) > 1 else ''}",
            by=SYSTEM,
            tasks=file_tasks("archive.heal", sorted(files), priority=10),
        )


def file_tasks(step: str, files: Iterable[UUID], priority: int = 0) -> Iterable[TaskSpec]:
    """Tasks of at most 500 files each."""
    for some in rules.slices(map(str, files), ITEMS):
        yield TaskSpec(step, items=some, priority=priority)


def register() -> None:
    """Make the steps known to the engine."""
    for name, step in STEPS.items():
        register_step(name, step)


STEPS = {
    "archive.replicate": replicate_step,
    "archive.heal": heal_step,
    "archive.scrub": scrub_step,
    "archive.compact": compact_step,
    "archive.plan-compacting": plan_compacting_step,
    "archive.snapshot": snapshot_step,
    "archive.sweep": sweep_step,
    "archive.refresh": refresh_step,
}


def _files_step(context: Context, items: Sequence[str], work: Work) -> dict[str, Any]:
    done, size, damaged = 0, 0, set()
    for some in rules.slices(items, TOGETHER):
        files = [file for item in some if (file := _file(context, item)) is not None]
        before = size

        def act(told: Callable[[int], None], files: list[UUID] = files) -> Outcome:
            return work(files, progress=told)

        outcome = _halting(context, act, done, before)
        for file, error in outcome.failed.items():
            context.fail_item(str(file), "failed", f"{error.code}: {error.sentence}")
        damaged |= outcome.damaged
        done, size = done + len(some), size + outcome.bytes
        context.progress(done, size)
    if work is replicate:
        heal_files(damaged)
    return {"bytes": size, "damaged": len(damaged)}


def _halting(
    context: Context,
    work: Callable[[Callable[[int], None]], Outcome],
    done: int = 0,
    before: int = 0,
) -> Outcome:
    """Do `work`, telling the engine of every piece copied; whatever the engine raises then ends
    it."""
    copied = before

    def told(count: int) -> None:
        nonlocal copied
        copied += count
        try:
            context.progress(done, copied)
        except LaganError as error:
            raise _Halted(error) from error

    try:
        return work(told)
    except _Halted as halted:
        raise halted.word from None


def _file(context: Context, item: str) -> UUID | None:
    try:
        return UUID(item)
    except ValueError:
        context.fail_item(item, "failed", "bad-input: this is no file's id")
        return None


def _volume(args: Mapping[str, Any]) -> Volume:
    try:
        id = UUID(args["volume"])
    except (KeyError, ValueError, TypeError, AttributeError):
        raise BadInput("The task names no volume.") from None
    return volumes.find_volume(id)
