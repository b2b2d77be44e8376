"""What the room does by itself: it begins policies that are due, or whose filesystems are too full,
and notes how their jobs ended."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.utils import timezone

from lagan.hub.audit.feed import Reaction
from lagan.hub.audit.feed import register as register_reaction
from lagan.hub.audit.kinds import Kind
from lagan.hub.audit.rules import EventRow
from lagan.hub.jobs.rules import JobState
from lagan.hub.jobs.schedules import register_schedule
from lagan.hub.policies import queries, rules, running
from lagan.hub.policies.errors import PolicyRuns
from lagan.hub.policies.models import Policy, Run
from lagan.hub.policies.rules import Cause
from lagan.kit.errors import LaganError

log = logging.getLogger(__name__)

LOOK_EVERY = timedelta(minutes=1)
"""Between two looks at what workers told of their filesystems."""
_TO_THE_END = (JobState.SUCCESS, JobState.FAILURE)


def register() -> None:
    """Start reacting; called once a process."""
    ends = frozenset({Kind.JOB_FINISHED, Kind.JOB_FAILED})
    register_reaction(Reaction("policies.runs", ends, note_ends))
    register_schedule("policies.look", LOOK_EVERY, look)


def note_ends(events: Sequence[EventRow]) -> None:
    """Finish the runs of policies whose jobs have ended."""
    running.settle_jobs([int(event.data["job"]) for event in events if "job" in event.data])


def look(now: datetime | None = None) -> None:
    """Begin what is due. Costs a few readings a policy: the fullness of filesystems was told by the
    sites' workers."""
    now = now or timezone.now()
    rows = list(Policy.objects.filter(enabled=True).select_related("site").order_by("id"))
    told = queries.filesystems_of_each(rows)
    for row in rows:
        try:
            with transaction.atomic():
                _look_at(row.pk, told[row.pk], now)
        except PolicyRuns:
            continue  # the run that goes on does it
        except LaganError as refused:
            if row.last_error != refused.sentence:  # said once, not every minute
                log.warning("policy %s: %s", row.title, refused.sentence)
            Policy.objects.filter(pk=row.pk).update(last_error=refused.sentence)
            _advance(row, now)


def _look_at(id: int, told: Sequence[Mapping[str, Any]], now: datetime) -> None:
    locked = Policy.objects.select_for_update(of=("self",), no_key=True, skip_locked=True)
    row = locked.select_related("site").filter(pk=id, enabled=True).first()
    cause = _cause(row, told, now) if row is not None else None
    if row is None or cause is None:
        return
    _advance(row, now)
    running.begin(row, running.owner_of(row), cause, dry=False)
    Policy.objects.filter(pk=row.pk).update(last_error="")


def _cause(row: Policy, told: Sequence[Mapping[str, Any]], now: datetime) -> Cause | None:
    """Why a policy begins now; None when it does not."""
    if row.next_run is not None and row.next_run <= now:
        return Cause.SCHEDULE
    high = queries.definition(row).high
    if not rules.is_too_full(high, told):
        return None
    return None if rules.rests(_last_end(row), now) else Cause.FULL


def _last_end(row: Policy) -> tuple[datetime, bool] | None:
    last = Run.objects.filter(policy=row, dry=False).order_by("-id").first()
    if last is None or last.finished is None:
        return None
    wants_more = bool((last.report or {}).get("limited")) and last.state in _TO_THE_END
    return last.finished, wants_more and last.moved > 0


def _advance(row: Policy, now: datetime) -> None:
    """A time that was missed is made up for once."""
    if row.next_run is not None and row.next_run <= now:
        Policy.objects.filter(pk=row.pk).update(next_run=rules.when(row.every, now))
