"""Stored packages are judged: one pass over the zip tells whether it is a valid bag, and its outer
checksum.

Killed anywhere and run again, the outcome is the same and no event comes twice: each stage is one
transaction that only goes on from the status before it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from typing import Any

from django.db import transaction
from django.utils import timezone

from lagan.bag import Verdict, judge
from lagan.hub.archive import queries as archive
from lagan.hub.archive.queries import Location
from lagan.hub.audit.kinds import Kind
from lagan.hub.packages.depositing import (
    AT_HAND,
    arrived,
    ask_for_judge,
    fail,
    give_up_broken,
    release_previous,
)
from lagan.hub.packages.fixity import ask_for_healing
from lagan.hub.packages.models import Package
from lagan.hub.packages.reading import Look, Stretch, copies
from lagan.hub.packages.rows import held, in_state, note, turn
from lagan.hub.packages.rules import UNJUDGED, Status
from lagan.kit.digests import SHA256
from lagan.kit.errors import Unavailable
from lagan.worker.steps import Context

Progress = Callable[[int, int], None]
MOST_ERRORS = 200
"""Errors of a bag that the record names; the rest are counted."""
PATIENCE = timedelta(hours=1)
"""After which a package that still waits for its verdict gets another judge."""


def judge_step(context: Context, args: Mapping[str, Any], items: Sequence[str]) -> dict[str, Any]:
    """Judge packages by their ids. What cannot be read just now is tried again."""
    size = 0
    for done, item in enumerate(items):
        row = Package.objects.filter(pk=int(item)).first()
        if row is not None and in_state(row, UNJUDGED) and row.stored is not None:
            before = size

            def told(at: int, of: int, done: int = done, before: int = before) -> None:
                context.progress(done, before + at)

            _judge(row, copies(row), told)
            size += row.size or 0
        context.progress(done + 1, size)
    return {"bytes": size}


def _judge(row: Package, places: Sequence[Location], told: Progress) -> None:
    """A verdict counts when what was read is what was received: damage of a copy is no fault of the
    depositor's."""
    for place in places:
        verdict = judge(Stretch(place), outer=(SHA256,), progress=told)
        seen = Look(place, verdict.facts.outer[SHA256])
        if seen.sha256 == row.checksum:
            settle(row.pk, verdict)
            return
        ask_for_healing([seen])
    if len(places) < _good_copies(row):
        raise Unavailable("Not all copies of the package can be read just now.", package=row.pk)
    fail(row.pk, "What was stored is not what was received, on no volume. Deposit it again.")


def _good_copies(row: Package) -> int:
    """Copies that are taken for good, those on volumes that are away as well; at least one."""
    assert row.stored is not None  # noqa: S101
    known = archive.health([row.stored]).get(row.stored)
    return max(1, sum(each.state == "good" for each in known.replicas) if known else 0)


def settle(package: int, verdict: Verdict) -> None:
    """What the verdict makes of the package."""
    errors = _errors(verdict)
    if errors:
        _refuse(package, verdict, errors)
        return
    _find_valid(package, verdict)
    _keep(package, verdict.facts.outer[SHA256])
    _conclude(package)


def _errors(verdict: Verdict) -> list[dict[str, str]]:
    """As the record and the depositor are told: a sentence each, with the file, the code and the
    clause that it breaks."""
    told = [
        {"error": each.reason, "file": each.file, "code": each.code, "clause": each.clause}
        for each in verdict.errors[:MOST_ERRORS]
    ]
    if verdict.valid and verdict.facts.form != "zip":
        told = [{"error": f"A package is a zip; this is a {verdict.facts.form}."}]
    more = len(verdict.errors) - MOST_ERRORS + verdict.left_out
    return [*told, {"error": f"There are {more} more errors."}] if more > 0 else told


@transaction.atomic
def _refuse(package: int, verdict: Verdict, errors: list[dict[str, str]]) -> None:
    row = held(package)
    if row is None or row.status != Status.UPLOADING:
        return
    turn(row, Status.NOT_VALID_BAGIT, facts={**_facts(verdict), "errors": errors})
    note(row, Kind.PACKAGE_JUDGED, details=errors, result="not-valid")
    release_previous(row)


@transaction.atomic
def _find_valid(package: int, verdict: Verdict) -> None:
    row = held(package)
    if row is not None and row.status == Status.UPLOADING:
        turn(row, Status.BAGIT_IS_VALID, facts=_facts(verdict))
        note(row, Kind.PACKAGE_JUDGED)


@transaction.atomic
def _keep(package: int, sha256: str) -> None:
    row = held(package)
    if row is not None and row.status == Status.BAGIT_IS_VALID:
        turn(row, Status.UPLOADED, sha256=sha256)
        note(row, Kind.PACKAGE_DIGESTED, details={"sha256": sha256})
        note(row, Kind.PACKAGE_STORED, details={"result": True})


@transaction.atomic
def _conclude(package: int) -> None:
    row = held(package)
    if row is not None and row.status == Status.UPLOADED:
        turn(row, Status.CHECKSUM_OK, checked_at=timezone.now())


def _facts(verdict: Verdict) -> dict[str, Any]:
    told: dict[str, Any] = verdict.as_json()
    warnings = [each["reason"] for each in told["warnings"][:MOST_ERRORS]]
    return {**told["facts"], "info": verdict.facts.info[:MOST_ERRORS], "warnings": warnings}


def judge_waiting() -> None:
    """Ask again for verdicts that never came, whatever became of the first try."""
    rows = Package.objects.filter(
        status__in=UNJUDGED, removed_at=None, changed_at__lt=timezone.now() - PATIENCE
    )
    for package in rows.order_by("changed_at").values_list("pk", flat=True)[:1000]:
        ask_for_judge(package, again=f"{timezone.now():%Y-%m-%dT%H}")
    # After a rebuild nobody is told any more that the zip of one had come.
    late = Package.objects.filter(status=Status.NEW, changed_at__lt=timezone.now() - PATIENCE)
    coming = late.filter(dataset__file_count__gt=0)
    for package in coming.order_by("changed_at").values_list("pk", flat=True)[:1000]:
        arrived(package)
    broken = late.filter(facts__has_key=AT_HAND)
    for package in broken.order_by("changed_at").values_list("pk", flat=True)[:1000]:
        give_up_broken(package)
