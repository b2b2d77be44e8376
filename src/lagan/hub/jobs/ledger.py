"""The ledger in the hub's database: what workers may do to a task's row, fenced by its attempt, the
same on both databases.

Order of locks everywhere: site, then job, then tasks. Times are the database's, so that clocks
of machines may differ.
"""

from __future__ import annotations

import random
from collections.abc import Iterable, Mapping, Sequence
from datetime import timedelta
from typing import Any

from django.db import connection, connections, transaction
from django.db.models import F, QuerySet
from django.db.models.functions import Now

from lagan.hub.jobs import acting, chaining, ending, packing, presence, questions
from lagan.hub.jobs.changes import announce
from lagan.hub.jobs.models import Job, Site, Task
from lagan.hub.jobs.rules import JobState, TaskState, is_spent, pause_after
from lagan.kit.errors import LaganError
from lagan.worker.ledger import (
    LEASE,
    Asked,
    Claimed,
    LeaseLost,
    Outcome,
    Progress,
    SiteFull,
    WorkerFacts,
)


class DatabaseLedger:
    """`lagan.worker.ledger.Ledger` on Django's connection of the calling thread."""

    def __init__(self, lease: float = LEASE) -> None:
        self._lease = timedelta(seconds=lease)

    def claim(self, sites: Sequence[str], worker: str, count: int = 1) -> list[Claimed]:
        """See the protocol. A site's limit is never passed: its row is locked while its tasks
        are counted."""
        _renew_connection()
        claimed: list[Claimed] = []
        for site in random.sample(sites, len(sites)):  # no site starves another
            if len(claimed) < count and _due(site).exists():
                claimed += self._claim_at(site, worker, count - len(claimed))
        return claimed

    def claim_hint(
        self, task_id: int, attempt: int, redelivered: bool, worker: str
    ) -> Claimed | None:
        """See the protocol. A message about an attempt that is over, or not yet given up, claims
        nothing."""
        _renew_connection()
        found = Task.objects.filter(pk=task_id).only("site_id").first()
        if found is None:
            return None
        site = found.site_id
        with transaction.atomic():
            room = _room_at(site)
            row = Task.objects.select_for_update(no_key=True).filter(pk=task_id).first()
            if row is None or not _is_true(row, attempt, redelivered):
                return None
            if row.state == TaskState.QUEUED and room < 1:
                raise SiteFull(f"Site {site} runs as many tasks as it may.", site=site)
            if row.state == TaskState.RUNNING:
                Task.objects.filter(pk=row.pk).update(lapses=F("lapses") + 1)
            claimed = self._take([row], worker)
        _mark_started(claimed)
        return claimed[0]

    def beat(self, claimed: Claimed, progress: Progress) -> bool:
        """See the protocol."""
        renewed = _held(claimed).update(
            lease_until=Now() + self._lease, done_items=progress.done, done_bytes=progress.bytes
        )
        if not renewed:
            raise _lost(claimed)
        return Task.objects.filter(pk=claimed.id, cancel=True).exists()

    def finish(self, claimed: Claimed, outcome: Outcome) -> None:
        """See the protocol; the job's sums and perhaps its end are of the same transaction. What
        the task is comes from its row: of `claimed` only id, job and attempt matter."""
        with transaction.atomic():
            job, row = _locked(claimed)
            chaining.close(job, row, outcome)
            ending.end_if_over(job)
            announce()

    def fail(self, claimed: Claimed, error: str, permanent: bool) -> None:
        """See the protocol."""
        error = packing.storable(error)
        with transaction.atomic():
            job, row = _locked(claimed)
            errors = row.errors + 1
            if row.cancel:
                ending.cancel_tasks(_held(claimed), error)
            elif permanent or is_spent(errors=errors, lapses=row.lapses):
                _held(claimed).update(errors=errors)
                ending.fail_task(job, row, error)
            else:
                pause = pause_after(errors, random.random())  # noqa: S311 - spreads retries, keeps no secret
                waits = {"errors": errors, "error": error, "not_before": Now() + pause}
                put_back(_held(claimed), state=chaining.waiting_state(job), **waits)
            ending.end_if_over(job)
            announce()

    def release(self, claimed: Claimed) -> None:
        """See the protocol. What was cancelled meanwhile waits no more."""
        with transaction.atomic():
            job, row = _locked(claimed)
            if row.cancel:
                ending.cancel_tasks(_held(claimed))
                ending.end_if_over(job)
            else:
                put_back(_held(claimed), state=chaining.waiting_state(job))
            announce()

    def found(
        self, claimed: Claimed, items: Sequence[str], size: int, number: int | None = None
    ) -> None:
        """See the protocol. A batch that comes again over a network has the same `number`."""
        with transaction.atomic():
            row = _held(claimed).select_for_update(no_key=True).defer("items", "failures").first()
            if row is None:
                raise _lost(claimed)
            chaining.keep_found(row, items, claimed.attempt, number)

    def token(self, claimed: Claimed) -> str:
        """See the protocol."""
        return acting.token_for(claimed)

    def present(self, facts: WorkerFacts) -> None:
        """See the protocol."""
        presence.note(facts)

    def ask(self, sites: Sequence[str], wait: float) -> list[Asked]:
        """See the protocol."""
        return questions.take(sites, wait)

    def answer(
        self, asked: Asked, answer: Mapping[str, Any] | None, error: LaganError | None
    ) -> None:
        """See the protocol."""
        questions.settle(asked.id, answer, error)

    def leave(self) -> None:
        """See the protocol."""
        connections.close_all()

    def _claim_at(self, site: str, worker: str, count: int) -> list[Claimed]:
        with transaction.atomic():
            wanted = min(count, _room_at(site))
            rows: list[Task] = []
            if wanted > 0:
                due = _due(site).select_for_update(skip_locked=True, no_key=True)
                rows = list(due.order_by("-priority", "id")[:wanted])
            claimed = self._take(rows, worker)
        _mark_started(claimed)
        return claimed

    def _take(self, rows: Iterable[Task], worker: str) -> list[Claimed]:
        """Make locked rows this worker's."""
        rows = list(rows)
        Task.objects.filter(pk__in=[row.pk for row in rows]).update(
            state=TaskState.RUNNING,
            attempt=F("attempt") + 1,
            worker=worker,
            lease_until=Now() + self._lease,
            started=Now(),
            done_items=0,
            done_bytes=0,
        )
        return [
            Claimed(
                id=row.pk,
                job=row.job_id,
                step=row.step,
                site=row.site_id,
                attempt=row.attempt + 1,
                args=row.args,
                items=packing.unpack_items(row.items),
            )
            for row in rows
        ]


def put_back(tasks: QuerySet[Task], **changes: object) -> int:
    """Make tasks wait again, with nothing on its way to a worker; the number of those put back."""
    now = {"state": TaskState.QUEUED, "lease_until": None, "published": None, "not_before": Now()}
    return tasks.update(**{**now, "worker": "", "done_items": 0, "done_bytes": 0, **changes})


def _renew_connection() -> None:
    """A worker lives for months: a connection that broke or grew old is replaced between two
    tasks."""
    if not connection.in_atomic_block:
        connection.close_if_unusable_or_obsolete()


def _due(site: str) -> QuerySet[Task]:
    return Task.objects.filter(site_id=site, state=TaskState.QUEUED, not_before__lte=Now())


def _room_at(site: str) -> int:
    """How many more tasks may run at `site`; its row stays locked until the transaction ends."""
    limit = (
        Site.objects.select_for_update(no_key=True).values_list("limit", flat=True).get(name=site)
    )
    return limit - Task.objects.filter(site_id=site, state=TaskState.RUNNING).count()


def _is_true(row: Task, attempt: int, redelivered: bool) -> bool:
    """Whether a message still says what is: the task waits, or the broker saw the one who took
    it die."""
    if row.state == TaskState.QUEUED:
        return row.attempt == attempt
    return row.state == TaskState.RUNNING and row.attempt == attempt + 1 and redelivered


def _held(claimed: Claimed) -> QuerySet[Task]:
    return Task.objects.filter(pk=claimed.id, attempt=claimed.attempt, state=TaskState.RUNNING)


def _locked(claimed: Claimed) -> tuple[Job, Task]:
    """The rows of the job and of the task that this attempt holds, locked."""
    job = Job.objects.select_for_update(no_key=True).filter(pk=claimed.job).first()
    row = _held(claimed).select_for_update(no_key=True).filter(job=claimed.job).first()
    if job is None or row is None:
        raise _lost(claimed)
    return job, row


def _lost(claimed: Claimed) -> LeaseLost:
    return LeaseLost(
        f"Task {claimed.id} is no longer held by attempt {claimed.attempt}.",
        task=claimed.id,
        attempt=claimed.attempt,
    )


def _mark_started(claimed: Sequence[Claimed]) -> None:
    """After the claim's commit, since the job comes before its tasks in the order of locks."""
    jobs = {each.job for each in claimed}
    if jobs:
        Job.objects.filter(pk__in=jobs, state=JobState.PENDING).update(
            state=JobState.STARTED, started=Now()
        )
