"""What a worker's call does in the database: the ledger's own verbs, for tasks of its own sites,
and a call that comes a second time because its answer was lost changes nothing."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from django.db import transaction
from django.db.models import Count, Min
from django.db.models.functions import Now
from django.utils import timezone

from lagan.hub.jobs import packing
from lagan.hub.jobs.ledger import DatabaseLedger
from lagan.hub.jobs.models import Site, Task
from lagan.hub.jobs.rules import TaskState
from lagan.hub.jobs.wire.reading import plain, plain_json
from lagan.kit.errors import BadInput, NotFound
from lagan.worker import wire
from lagan.worker.ledger import LEASE, Claimed, LeaseLost
from lagan.worker.wire import Fields

_WAITS = (TaskState.QUEUED, TaskState.HELD)
_ENDS = {
    "finish": (TaskState.DONE, TaskState.CANCELLED),
    "fail": (*_WAITS, TaskState.FAILED, TaskState.CANCELLED),
    "release": _WAITS,
}
"""How a task of an attempt stands that has said this last word already."""
_LEAST_LEASE, _LONGEST_LEASE = 5.0, 3600.0


def ledger_for(given: Fields) -> DatabaseLedger:
    """The ledger with the lease that a worker wishes, within bounds."""
    return DatabaseLedger(max(_LEAST_LEASE, given.seconds("lease", _LONGEST_LEASE, LEASE)))


def is_due(sites: list[str]) -> bool:
    """Whether a claim at one of `sites` would bring a task."""
    waiting = Task.objects.filter(
        site_id__in=sites, state=TaskState.QUEUED, not_before__lte=Now()
    ).values_list("site_id", flat=True)
    names = set(waiting.distinct())
    if not names:
        return False
    running = Task.objects.filter(site_id__in=names, state=TaskState.RUNNING)
    counts = dict(running.values_list("site_id").annotate(Count("id")))
    limits = Site.objects.filter(name__in=names).values_list("name", "limit")
    return any(counts.get(name, 0) < limit for name, limit in limits)


def next_due(sites: list[str]) -> float | None:
    """Seconds until a task that waits for its time at `sites` may run; None when none waits."""
    later = Task.objects.filter(
        site_id__in=sites, state=TaskState.QUEUED, not_before__gt=Now()
    ).aggregate(first=Min("not_before"))["first"]
    return _seconds_until(later)


def hint(sites: set[str], given: Fields) -> Claimed | None:
    """The task that a message named. A message about a task of another site is no longer true."""
    id, attempt = given.number("id", wire.MOST_BYTES), given.number("attempt")
    redelivered, worker = given.flag("redelivered"), plain(given.text("worker"))
    if not Task.objects.filter(pk=id, site_id__in=sites).exists():
        return None
    return ledger_for(given).claim_hint(id, attempt, redelivered, worker)


def held(sites: set[str], given: Fields) -> Claimed:
    """The task that a worker speaks of, as the rows have it, with the attempt that it says it is.
    NotFound when there is none at its sites."""
    id, attempt = given.number("id", wire.MOST_BYTES), given.number("attempt")
    row = Task.objects.filter(pk=id, site_id__in=sites).first()
    if row is None:
        raise NotFound(f"There is no task {id}.", task=id)
    return Claimed(
        id=id,
        job=row.job_id,
        step=row.step,
        site=row.site_id,
        attempt=attempt,
        args=row.args,
        items=packing.unpack_items(row.items),
    )


def beat(sites: set[str], given: Fields) -> bool:
    """A beat; whether the task is to be cancelled."""
    id, attempt = given.number("id", wire.MOST_BYTES), given.number("attempt")
    if not Task.objects.filter(pk=id, site_id__in=sites).exists():
        raise NotFound(f"There is no task {id}.", task=id)
    claimed = Claimed(id, 0, "", "", attempt, {}, ())
    return ledger_for(given).beat(claimed, wire.progress_in(given))


def finish(sites: set[str], given: Fields) -> None:
    """The outcome, once. BadInput for counts that the task's items cannot have."""
    claimed, outcome = held(sites, given), wire.outcome_in(given)
    told = outcome.done + outcome.skipped + outcome.failed
    if claimed.items and not claimed.step.startswith("discover.") and told > len(claimed.items):
        raise BadInput(f"{told} outcomes of {len(claimed.items)} items.", field="done")
    outcome = replace(outcome, result=plain_json(outcome.result))
    try:
        ledger_for(given).finish(claimed, outcome)
    except LeaseLost:
        _require_told(claimed, "finish")


def fail(sites: set[str], given: Fields) -> None:
    """The attempt's failure, once."""
    claimed = held(sites, given)
    error = plain(given.text("error", wire.LONGEST_REASON))
    try:
        ledger_for(given).fail(claimed, error, given.flag("permanent"))
    except LeaseLost:
        _require_told(claimed, "fail")


def release(sites: set[str], given: Fields) -> None:
    """The task back, once."""
    claimed = held(sites, given)
    try:
        ledger_for(given).release(claimed)
    except LeaseLost:
        _require_told(claimed, "release")


def found(sites: set[str], given: Fields) -> None:
    """A batch of a walk, once for each number."""
    items, size = given.texts("items"), given.number("size", wire.MOST_BYTES)
    ledger_for(given).found(held(sites, given), items, size, given.number("number"))


def give_back(claimed: list[Claimed]) -> None:
    """Tasks whose claimer went away before it heard of them; no attempt of theirs is to blame."""
    with transaction.atomic():
        for each in claimed:
            DatabaseLedger().release(each)


def _require_told(claimed: Claimed, verb: str) -> None:
    """LeaseLost unless this attempt has said this word already, and its answer was lost."""
    told = Task.objects.filter(pk=claimed.id, attempt=claimed.attempt, state__in=_ENDS[verb])
    if not told.exists():
        raise LeaseLost(
            f"Task {claimed.id} is no longer held by attempt {claimed.attempt}.",
            task=claimed.id,
            attempt=claimed.attempt,
        )


def _seconds_until(moment: datetime | None) -> float | None:
    return None if moment is None else max(0.0, (moment - timezone.now()).total_seconds())
