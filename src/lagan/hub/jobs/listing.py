"""The list of jobs under filters, and how many there are of each kind."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from django.db.models import Count, QuerySet
from django.db.models.functions import TruncDate

from lagan.hub.accounts.queries import find_user
from lagan.hub.base.actors import Actor
from lagan.hub.jobs.models import Job
from lagan.hub.jobs.rules import JobState
from lagan.hub.jobs.visibility import seen_by
from lagan.hub.jobs.workflows.queries import names
from lagan.kit.errors import BadInput

STATES = ("SUCCESS", "FAILURE", "STARTED", "PENDING", "ERROR", "CANCELLED")
"""In the order of the workflow hub's answer, with our own at the end."""


@dataclass(frozen=True, slots=True)
class JobFilter:
    """Which jobs; what is empty or None does not matter. `owner` is a user's name, `since` and
    `until` (not included) are about when the job was made."""

    kind: str = ""
    state: str = ""
    owner: str = ""
    site: str = ""
    since: datetime | None = None
    until: datetime | None = None


def jobs(actor: Actor, wanted: JobFilter) -> QuerySet[Job]:
    """The jobs that `actor` may see, the newest first. BadInput for a state that no job can
    have."""
    if wanted.state and wanted.state not in JobState.values:
        raise BadInput(f"A state is one of {', '.join(STATES)}.", field="state")
    asked = {
        "kind": wanted.kind,
        "state": wanted.state,
        **_owned(wanted.owner),
        "site": wanted.site,
        "created__gte": wanted.since,
        "created__lt": wanted.until,
    }
    given = {name: _storable(value) for name, value in asked.items() if value}
    return Job.objects.filter(seen_by(actor), **given).order_by("-id")


def job_stats(actor: Actor, wanted: JobFilter) -> dict[str, dict[str, int]]:
    """How many of the listed jobs there are by `type` (every workflow, and what else there is), by
    `state`, by day of `created` (UTC) and by `site`."""
    listed = jobs(actor, wanted)
    days = listed.order_by().annotate(day=TruncDate("created", tzinfo=UTC))
    found = stats(listed)
    return {
        "type": dict.fromkeys(names(), 0) | found["type"],
        "state": found["state"],
        "created": _counted(days, "day"),
        "site": found["site"],
    }


def stats(listed: QuerySet[Job]) -> dict[str, dict[str, int]]:
    """How many of these jobs there are by `type`, `state` and `site`."""
    rows = listed.order_by()
    return {
        "type": _counted(rows, "kind"),
        "state": dict.fromkeys(STATES, 0) | _counted(rows, "state"),
        "site": _counted(rows.exclude(site=""), "site"),
    }


def _owned(username: str) -> dict[str, Any]:
    """By who the user is, which is indexed; what a user left who is gone, by the name."""
    user = find_user(username=username) if username else None
    return {"created_by": user.entity_id} if user else {"created_by_name": username}


def _counted(rows: QuerySet[Any], field: str) -> dict[str, int]:
    found = rows.values_list(field).annotate(number=Count("id")).order_by(field)
    return {str(value): number for value, number in found}


def _storable(value: Any) -> Any:
    """No text of the database holds a NUL, so that none is found."""
    return value.replace("\x00", "\ufffd") if isinstance(value, str) else value
