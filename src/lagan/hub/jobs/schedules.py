"""Periodic work: what runs when, with exactly one scheduler of the cluster starting it each
time."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from lagan.hub.jobs.models import Schedule
from lagan.hub.jobs.rules import next_run
from lagan.hub.jobs.workflows.schedules import run_scheduled
from lagan.kit.errors import LaganError

log = logging.getLogger(__name__)

Make = Callable[[], None]


@dataclass(frozen=True, slots=True)
class _Entry:
    every: timedelta | str
    make: Make


_entries: dict[str, _Entry] = {}


def register_schedule(name: str, every: timedelta | str, make: Make) -> None:
    """Have `make` called every so often: a period, or five cron fields in UTC (BadInput when they
    are not).

    `make` runs in the transaction that advances the schedule: it creates jobs and does no work
    itself. An administrator's change of the row's times outlives a restart.
    """
    next_run(every, timezone.now())
    known = _entries.setdefault(name, _Entry(every, make))
    if known != _Entry(every, make):
        raise ValueError(f"two schedules are called {name}")


def run_due(now: datetime | None = None) -> list[str]:
    """Run every enabled schedule whose time has come; the names of those that this call ran. A
    time that was missed is made up for once. Any number of processes may do this at once."""
    now = now or timezone.now()
    _add_missing(now)
    ours = Q(name__in=_entries) | ~Q(run={})
    due = Schedule.objects.filter(ours, enabled=True, next_run__lte=now)
    return [row.name for row in due if _run(row, now)]


def _add_missing(now: datetime) -> None:
    known = set(Schedule.objects.filter(name__in=_entries).values_list("name", flat=True))
    Schedule.objects.bulk_create(
        [
            Schedule(name=name, every=_as_text(entry.every), next_run=next_run(entry.every, now))
            for name, entry in _entries.items()
            if name not in known
        ],
        ignore_conflicts=True,
    )


def _run(row: Schedule, now: datetime) -> bool:
    """Advance and run in one transaction: who dies between the two has done neither."""
    try:
        with transaction.atomic():
            if not _advance(row, now, ""):
                return False
            if row.run:
                run_scheduled(row)
            else:
                _entries[row.name].make()
    except LaganError as refused:
        log.warning("schedule %s: %s", row.title or row.name, refused.sentence)
        _advance(row, now, refused.sentence)
    except Exception as error:  # one schedule's fault must not stop the others
        log.exception("schedule %s failed", row.name)
        _advance(row, now, f"{type(error).__name__}: {error}")
    return True


def _advance(row: Schedule, now: datetime, error: str) -> bool:
    seen = Schedule.objects.filter(pk=row.pk, next_run=row.next_run)
    return bool(seen.update(next_run=next_run(_from_text(row.every), now), last_error=error))


def _as_text(every: timedelta | str) -> str:
    return every if isinstance(every, str) else str(every.total_seconds())


def _from_text(every: str) -> timedelta | str:
    try:
        return timedelta(seconds=float(every))
    except ValueError:
        return every
