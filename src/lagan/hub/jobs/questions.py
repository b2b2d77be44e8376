"""Asking a site something and waiting for the answer: rows that a worker takes, answers, and that
are gone when they are read."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

from django.db import transaction
from django.db.models import Q
from django.db.models.functions import Now

from lagan.hub.jobs import bell, packing, presence
from lagan.hub.jobs.changes import announce
from lagan.hub.jobs.models import Question
from lagan.kit.errors import BadInput, Conflict, Forbidden, LaganError, NotFound, Unavailable
from lagan.worker.ledger import Asked

PATIENCE = 10.0
"""Seconds that somebody waits for a site's answer."""
LOOK = 1.0
"""Seconds between two looks when the bell was not heard."""
GIVEN_UP = timedelta(seconds=4)
"""A worker that took a question and said nothing for so long may be dead: another may take it too,
since answering changes nothing."""

_AT_ONCE = 16  # questions that one worker takes
_KINDS: dict[str, type[LaganError]] = {
    each.code: each for each in (BadInput, Forbidden, NotFound, Conflict, Unavailable)
}


def ask(
    site: str, verb: str, args: Mapping[str, Any], patience: float = PATIENCE
) -> dict[str, Any]:
    """Ask a site and wait. Unavailable when no worker of it is there or none answers in time; the
    worker's own refusal otherwise."""
    row, deadline = put(site, verb, args, patience), time.monotonic() + patience
    try:
        while True:
            heard = bell.heard()
            if (answered := settled(row)) is not None:
                return read(answered)
            if (left := deadline - time.monotonic()) <= 0:
                raise no_answer(site, patience)
            bell.wait(min(left, LOOK), heard)
    finally:
        forget(row)


def put(site: str, verb: str, args: Mapping[str, Any], patience: float) -> int:
    """Put a question and return its id; Unavailable when no worker of the site is there."""
    if not presence.is_online(site):
        raise Unavailable(f"No worker of the site {site} is there.", site=site)
    with transaction.atomic():
        Question.objects.filter(expires__lt=Now() - timedelta(minutes=1)).delete()
        row = Question.objects.create(
            site_id=site,
            verb=verb,
            args=packing.pack(dict(args)),
            expires=Now() + timedelta(seconds=patience),
        )
        _announce()
    return row.pk


def settled(row: int) -> Question | None:
    """The question if it was answered."""
    return Question.objects.filter(pk=row, answered__isnull=False).first()


def read(row: Question) -> dict[str, Any]:
    """The answer of an answered question; its refusal is raised."""
    if row.error is not None:
        kind = _KINDS.get(row.error.get("code", ""), Unavailable)
        raise kind(str(row.error.get("sentence", "")))
    answer: dict[str, Any] = packing.unpack(row.answer)
    return answer


def forget(row: int) -> None:
    """Nobody waits for it any more."""
    Question.objects.filter(pk=row).delete()


def no_answer(site: str, patience: float) -> Unavailable:
    """What is said when the site took too long."""
    return Unavailable(f"The site {site} did not answer within {patience:g} s.", site=site)


def take(sites: Sequence[str], wait: float) -> list[Asked]:
    """Questions for `sites`, each given to one taker; up to `wait` seconds are waited for the
    first."""
    deadline = time.monotonic() + wait
    while True:
        heard = bell.heard()
        if taken := take_now(sites):
            return taken
        if (left := deadline - time.monotonic()) <= 0:
            return []
        bell.wait(min(left, LOOK), heard)


def take_now(sites: Sequence[str]) -> list[Asked]:
    """Questions for `sites` that are there."""
    forgotten = Q(taken=None) | Q(taken__lt=Now() - GIVEN_UP, answered=None)
    due = Question.objects.filter(forgotten, site_id__in=sites, expires__gt=Now())
    if not due.exists():
        return []
    with transaction.atomic():
        locked = due.select_for_update(skip_locked=True, no_key=True).order_by("id")
        rows = list(locked[:_AT_ONCE])
        Question.objects.filter(pk__in=[row.pk for row in rows]).update(taken=Now())
    return [Asked(row.pk, row.site_id, row.verb, packing.unpack(row.args)) for row in rows]


def settle(
    id: int,
    answer: Mapping[str, Any] | None,
    error: LaganError | None,
    sites: Sequence[str] | None = None,
) -> None:
    """Keep the answer of a question, or its refusal. Who asked may have gone. `sites`: those that
    whoever answers may speak for; None for all."""
    refusal = {"code": error.code, "sentence": error.sentence} if error else None
    open_one = Question.objects.filter(pk=id, answered=None)
    if sites is not None:
        open_one = open_one.filter(site_id__in=sites)
    with transaction.atomic():
        open_one.update(
            answered=Now(),
            answer=packing.pack(dict(answer or {})) if error is None else b"",
            error=refusal,
        )
        _announce()


def _announce() -> None:
    """Wake other processes, and those of this one without the way through the database."""
    announce()
    transaction.on_commit(bell.ring)
