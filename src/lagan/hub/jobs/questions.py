"""Asking a site something and waiting for the answer: rows that a worker takes, answers, and that
are gone when they are read."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

from django.db import transaction
from django.utils import timezone

from lagan.hub.jobs import packing, presence
from lagan.hub.jobs.changes import DatabaseWaker, announce
from lagan.hub.jobs.models import Question
from lagan.kit.errors import BadInput, Conflict, Forbidden, LaganError, NotFound, Unavailable
from lagan.worker.ledger import Asked

PATIENCE = 10.0
"""Seconds that somebody waits for a site's answer."""

_KINDS: dict[str, type[LaganError]] = {
    each.code: each for each in (BadInput, Forbidden, NotFound, Conflict, Unavailable)
}


def ask(
    site: str, verb: str, args: Mapping[str, Any], patience: float = PATIENCE
) -> dict[str, Any]:
    """Ask a site and wait. Unavailable when no worker of it is there or none answers in time; the
    worker's own refusal otherwise."""
    row = put(site, verb, args, patience)
    waker, deadline = DatabaseWaker(), time.monotonic() + patience
    try:
        while not (settled := Question.objects.filter(pk=row, answered__isnull=False).first()):
            left = deadline - time.monotonic()
            if left <= 0:
                raise Unavailable(f"The site {site} did not answer within {patience:.0f} s.")
            waker.wait(min(left, 1.0))
        return read(settled)
    finally:
        Question.objects.filter(pk=row).delete()


def put(site: str, verb: str, args: Mapping[str, Any], patience: float) -> int:
    """Put a question and return its id; Unavailable when no worker of the site is there."""
    if not presence.is_online(site):
        raise Unavailable(f"No worker of the site {site} is there.", site=site)
    with transaction.atomic():
        row = Question.objects.create(
            site_id=site,
            verb=verb,
            args=packing.pack(dict(args)),
            expires=timezone.now() + timedelta(seconds=patience),
        )
        announce()
    return row.pk


def read(row: Question) -> dict[str, Any]:
    """The answer of an answered question; its refusal is raised."""
    if row.error is not None:
        kind = _KINDS.get(row.error.get("code", ""), Unavailable)
        raise kind(str(row.error.get("sentence", "")))
    answer: dict[str, Any] = packing.unpack(row.answer)
    return answer


def take(sites: Sequence[str], wait: float) -> list[Asked]:
    """Questions for `sites`, each given to one taker; up to `wait` seconds are waited for the
    first."""
    waker, deadline = DatabaseWaker(), time.monotonic() + wait
    while not (taken := _take(sites)):
        left = deadline - time.monotonic()
        if left <= 0:
            return []
        waker.wait(min(left, 1.0))
    return taken


def settle(id: int, answer: Mapping[str, Any] | None, error: LaganError | None) -> None:
    """Keep the answer of a question, or its refusal. Who asked may have gone."""
    refusal = {"code": error.code, "sentence": error.sentence} if error else None
    with transaction.atomic():
        Question.objects.filter(pk=id, answered=None).update(
            answered=timezone.now(),
            answer=packing.pack(dict(answer or {})) if error is None else b"",
            error=refusal,
        )
        announce()


def _take(sites: Sequence[str]) -> list[Asked]:
    now = timezone.now()
    due = Question.objects.filter(site_id__in=sites, taken=None, expires__gt=now)
    if not due.exists():
        return []
    with transaction.atomic():
        rows = list(due.select_for_update(skip_locked=True, no_key=True).order_by("id")[:16])
        Question.objects.filter(pk__in=[row.pk for row in rows]).update(taken=now)
    return [Asked(row.pk, row.site_id, row.verb, packing.unpack(row.args)) for row in rows]
