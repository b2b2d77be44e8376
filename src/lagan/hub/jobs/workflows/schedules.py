"""Workflows that run by themselves, at times as cron writes them, in UTC; each as the person who
last said what it runs.

Whoever sees a schedule is that person, and who looks after sites. A time that was missed is made up
for once; a run that still goes on is not begun a second time, and the schedule says so.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from croniter import CroniterError
from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from lagan.hub.accounts.queries import user_of
from lagan.hub.audit.kinds import Kind
from lagan.hub.audit.services import record
from lagan.hub.base.actors import Actor
from lagan.hub.jobs import packing
from lagan.hub.jobs.errors import StillRunning
from lagan.hub.jobs.models import Job, Schedule
from lagan.hub.jobs.rules import OPEN_JOBS, next_run
from lagan.hub.jobs.site_rights import may_administer
from lagan.hub.jobs.workflows.errors import UnsoundRun, UnsoundSchedule
from lagan.hub.jobs.workflows.running import RECURSIVE, prepare, run_workflow
from lagan.kit.errors import BadInput, Forbidden, NotFound
from lagan.kit.ids import new_id

CREDENTIAL = "schedule"
"""How an actor signed in whose schedule runs."""

LONGEST_TITLE = 200  # characters
_RUN = ("workflow", "site", "paths", "discovery", "fields", "filters")


def visible(actor: Actor) -> QuerySet[Schedule]:
    """The schedules that people made and `actor` may see, in the order in which they were made."""
    rows = Schedule.objects.exclude(run={}).order_by("id")
    if may_administer(actor):
        return rows
    return rows.filter(created_by=actor.entity) if actor.entity is not None else rows.none()


def schedule(actor: Actor, id: int) -> Schedule:
    """One of them, else NotFound."""
    row = visible(actor).filter(pk=id).first() if id < 2**63 else None
    if row is None:
        raise NotFound(f"There is no schedule {id}.", id=id)
    return row


def paths_of(row: Schedule) -> list[str]:
    """What it runs on."""
    return packing.unpack_items(row.paths)


def make_schedule(
    *,
    by: Actor,
    title: str,
    every: str,
    workflow: str,
    site: str,
    paths: Sequence[str],
    discovery: str | None = RECURSIVE,
    fields: Mapping[str, Any] | None = None,
    filters: Mapping[str, Any] | None = None,
    enabled: bool = True,
) -> Schedule:
    """Have a workflow run whenever `every` (five cron fields, UTC) says. UnsoundSchedule with every
    reason, those of `run_workflow` among them; Forbidden where `by` may not run it now."""
    row = Schedule(name=f"workflow:{new_id()}")
    _set_time(row, title, every, enabled)
    _set_run(
        row,
        by,
        {
            "workflow": workflow,
            "site": site,
            "paths": paths,
            "discovery": discovery,
            "fields": fields,
            "filters": filters,
        },
    )
    with transaction.atomic():
        row.save()
        record(kind=Kind.SCHEDULE_CREATED, by=by, data=_facts(row))
    return row


def change_schedule(*, by: Actor, schedule: int, **changes: Any) -> Schedule:
    """Change what `make_schedule` takes; what is not given stays. Whoever changes what it runs is
    from then on the one as whom it runs. A schedule that was switched off makes up for nothing."""
    if unknown := set(changes) - {"title", "every", "enabled", *_RUN}:
        raise BadInput(f"A schedule has no {min(unknown)}.", field=min(unknown))
    with transaction.atomic():
        row = _locked(by, schedule)
        times = {"title": row.title, "every": row.every, "enabled": row.enabled}
        if times.keys() & changes.keys():
            _set_time(row, **{**times, **{k: v for k, v in changes.items() if k in times}})
        if run := {key: value for key, value in changes.items() if key in _RUN}:
            _set_run(row, by, {**row.run, "paths": paths_of(row), **run})
        row.save()
        data = {**_facts(row), "fields": sorted(changes)}
        record(kind=Kind.SCHEDULE_CHANGED, by=by, data=data)
    return row


def remove_schedule(*, by: Actor, schedule: int) -> None:
    """Remove a schedule; jobs that it started stay."""
    with transaction.atomic():
        row = _locked(by, schedule)
        record(kind=Kind.SCHEDULE_REMOVED, by=by, data=_facts(row))
        row.delete()


def run_now(*, by: Actor, schedule: int) -> Job:
    """Run what it runs at once, as the person as whom it runs; only that person may ask for it.
    StillRunning while its last run goes on."""
    with transaction.atomic():
        row = _locked(by, schedule)
        if row.created_by != by.entity:
            raise Forbidden("A schedule is run by the person as whom it runs.", id=schedule)
        return run_scheduled(row)


def run_scheduled(row: Schedule) -> Job:
    """Start the job of a schedule, within the transaction that advances it. StillRunning while the
    job that it started last is open; whatever `run_workflow` refuses."""
    going_on = Job.objects.filter(pk__in=[row.last_job], state__in=OPEN_JOBS)
    if row.last_job is not None and going_on.exists():
        raise StillRunning(
            f"Left out on {timezone.now():%Y-%m-%d at %H:%M} UTC: job {row.last_job} of the run"
            " before still goes on.",
            job=row.last_job,
        )
    by = Actor(row.created_by, row.created_by_name, CREDENTIAL)
    if not user_of(by).is_active:
        raise Forbidden(f"{row.created_by_name}, as whom this runs, may not sign in any more.")
    job = run_workflow(by=by, paths=paths_of(row), **row.run)
    Schedule.objects.filter(pk=row.pk).update(
        last_run=timezone.now(), last_job=job.pk, last_error=""
    )
    return job


def _set_time(row: Schedule, title: Any, every: Any, enabled: Any) -> None:
    reasons = {
        "title": list(_about_title(title)),
        "every": list(_about_every(every)),
        "enabled": [] if isinstance(enabled, bool) else ["true or false is expected."],
    }
    if found := {name: those for name, those in reasons.items() if those}:
        raise UnsoundSchedule(found)
    if row.every != every or enabled and not row.enabled or row.next_run is None:
        row.next_run = next_run(every, timezone.now())
    row.title, row.every, row.enabled = title.strip(), every, enabled


def _set_run(row: Schedule, by: Actor, run: Mapping[str, Any]) -> None:
    """Keep what it runs, checked as if it ran now."""
    if by.entity is None:
        raise Forbidden("A schedule runs as a person.")
    try:
        checked = prepare(by=by, **run)
    except UnsoundRun as refused:
        raise UnsoundSchedule(refused.reasons) from None
    kept = {key: value for key, value in run.items() if key != "paths"}
    row.run = {**kept, "fields": dict(run.get("fields") or {}), "filters": dict(checked.filters)}
    row.paths = packing.pack_items(checked.paths)
    row.created_by, row.created_by_name = by.entity, by.name


def _about_title(title: Any) -> Iterator[str]:
    if not isinstance(title, str) or not title.strip():
        yield "This is required."
    elif not title.isprintable() or len(title) > LONGEST_TITLE:
        yield f"A text of one line and at most {LONGEST_TITLE} characters is expected."


def _about_every(every: Any) -> Iterator[str]:
    if not isinstance(every, str) or len(every.split()) != 5 or not _comes(every):
        yield (
            "Five cron fields that name a time are expected (minute, hour, day, month, weekday;"
            " UTC), as 30 2 * * 1-5."
        )


def _comes(every: str) -> datetime | None:
    """When it is next; None for what is no time, or one that never comes (31 February)."""
    try:
        return next_run(every, timezone.now()) if every.isascii() else None
    except (BadInput, CroniterError):
        return None


def _facts(row: Schedule) -> dict[str, Any]:
    return {"schedule": row.pk, "title": row.title, "workflow": row.run["workflow"]}


def _locked(by: Actor, id: int) -> Schedule:
    return Schedule.objects.select_for_update().get(pk=schedule(by, id).pk)
