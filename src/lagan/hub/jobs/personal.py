"""What jobs and schedules keep about a person: what somebody started, and what runs as them."""

from __future__ import annotations

from collections.abc import Iterator

from lagan.hub.accounts.personal import Part, Row, register_personal
from lagan.hub.jobs.models import Job, Schedule


def register() -> None:
    """Tell them to the accounts room."""
    for part in (
        Part("jobs", "Jobs that one started", jobs, forget_jobs, order=220),
        Part("schedules", "Schedules that run as one", schedules, forget_schedules, order=230),
    ):
        register_personal(part)


def jobs(entity: int) -> Iterator[Row]:
    """The jobs that the person started. Their paths are the site's, not the person's."""
    names = ("id", "kind", "title", "site", "state", "created", "finished", "fields", "total")
    return iter(Job.objects.filter(created_by=entity).order_by("id").values(*names).iterator(2000))


def forget_jobs(entity: int) -> None:
    """They stay, as those of the person's entity."""
    Job.objects.filter(created_by=entity).update(created_by_name=f"removed-{entity}")


def schedules(entity: int) -> Iterator[Row]:
    """The schedules that run as the person."""
    names = ("id", "title", "every", "run", "enabled", "last_run")
    return iter(Schedule.objects.filter(created_by=entity).order_by("id").values(*names))


def forget_schedules(entity: int) -> None:
    """They end with the account: nothing runs as somebody who is gone."""
    Schedule.objects.filter(created_by=entity).delete()
