"""Whether the hub is well: database, volumes, queue, scheduler; each with one sentence."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from django.db import Error as DatabaseError
from django.db import connection

from lagan.hub.archive import queries as archive
from lagan.hub.jobs import queries as jobs

BEAT = timedelta(seconds=15)
"""How often the scheduler shows that it lives."""
SCHEDULER_LATE = timedelta(seconds=60)
QUEUE_LATE = timedelta(minutes=15)
"""A task that is due and that nobody has begun for so long: no worker serves its site, or too
few."""
MISSING = "missing"
"""The state of a volume that should be there and is not (a retired one should not)."""
LEAST_FREE = 0.02
"""Part of a volume that should be free."""


@dataclass(frozen=True, slots=True)
class Check:
    """One thing looked at, whether it is well, and what there is to say about it."""

    name: str
    well: bool
    detail: str


def look() -> list[Check]:
    """Look at everything. Never raises: what cannot be looked at is not well."""
    now = datetime.now(UTC)
    database = _guarded("database", _check_database)
    if not database.well:
        return [database]
    return [
        database,
        _guarded("volumes", lambda: judge_volumes(archive.volumes())),
        _guarded("queue", lambda: judge_queue(jobs.oldest_due(), now)),
        _guarded("scheduler", lambda: judge_scheduler(jobs.schedules(), now)),
    ]


def judge_volumes(volumes: Iterable[archive.VolumeRow]) -> Check:
    """Well when all volumes are online, hold no damaged copy and have room."""
    rows = list(volumes)
    faults = [f"{row.name} is missing" for row in rows if row.state == MISSING]
    faults += [f"{row.name} has damaged copies" for row in rows if any(row.damaged.values())]
    faults += [f"{row.name} is nearly full" for row in rows if _nearly_full(row)]
    if not rows:
        faults = ["there is no volume"]
    return Check("volumes", not faults, "; ".join(faults) or f"{len(rows)} online")


def _nearly_full(row: archive.VolumeRow) -> bool:
    return bool(row.total) and row.free is not None and row.free < LEAST_FREE * (row.total or 0)


def judge_queue(oldest: datetime | None, now: datetime) -> Check:
    """Well when no task has been due for too long."""
    age = timedelta(0) if oldest is None else max(timedelta(0), now - oldest)
    return Check("queue", age < QUEUE_LATE, f"the oldest due task waits {_seconds(age)}")


def judge_scheduler(schedules: Iterable[jobs.ScheduleRow], now: datetime) -> Check:
    """Well when nothing that is scheduled is overdue."""
    rows = list(schedules)
    if not rows:
        return Check("scheduler", False, "it has never run")
    overdue = max(timedelta(0), now - min(row.next_run for row in rows))
    return Check("scheduler", overdue < SCHEDULER_LATE, f"it is {_seconds(overdue)} late")


def _seconds(span: timedelta) -> str:
    return f"{span.total_seconds():.0f} s"


def _check_database() -> Check:
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
        cursor.fetchone()
    return Check("database", True, connection.vendor)


def _guarded(name: str, check: Callable[[], Check]) -> Check:
    try:
        return check()
    except DatabaseError as error:
        # The class alone: the message of a driver may hold an address.
        return Check(name, False, f"cannot be read: {type(error).__name__}")
