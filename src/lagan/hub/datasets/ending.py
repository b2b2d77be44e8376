"""A dataset is closed, removed, and put back."""

from __future__ import annotations

from datetime import timedelta

from django.db import transaction
from django.utils import timezone

from lagan.hub.audit import services as audit
from lagan.hub.audit.kinds import Kind
from lagan.hub.base.actors import Actor
from lagan.hub.datasets.expiry import begin_stage
from lagan.hub.datasets.logbook import write_log
from lagan.hub.datasets.models import CLOSED, REMOVED, Dataset
from lagan.hub.datasets.rules import NEXT_STATES
from lagan.hub.tree import queries as tree_queries
from lagan.hub.tree import services as tree
from lagan.kit.errors import Conflict, Forbidden

RECOVERABLE = timedelta(days=30)
"""How long a removed dataset can be put back."""


@transaction.atomic
def close_dataset(*, by: Actor, dataset: int) -> Dataset:
    """No more files after this; needs DATASET_CLOSE. Closing a closed dataset changes nothing."""
    row = locked(dataset, by, "DATASET_CLOSE")
    if row.state == CLOSED:
        return row
    _step(row, CLOSED)
    row.closed_at = timezone.now()
    begin_stage(row, CLOSED, row.closed_at)
    row.save(update_fields=["state", "closed_at", "expires_at"])
    data = {"files": row.file_count, "bytes": row.bytes}
    audit.record(kind=Kind.DATASET_CLOSED, by=by, subject=dataset, data=data)
    text = f"Closed with {row.file_count} files, {row.bytes} bytes."
    write_log(dataset=dataset, by=by, level="INFO", text=text)
    return row


@transaction.atomic
def remove_dataset(*, by: Actor, dataset: int) -> Dataset:
    """Mark as removed: its data is no longer given out, its record stays; needs DATASET_DELETE."""
    row = locked(dataset, by, "DATASET_DELETE")
    if row.state == REMOVED:
        return row
    before = row.state
    _step(row, REMOVED)
    row.removed_at, row.removed_from = timezone.now(), before
    row.save(update_fields=["state", "removed_at", "removed_from"])
    audit.record(kind=Kind.DATASET_REMOVED, by=by, subject=dataset)
    write_log(dataset=dataset, by=by, level="WARN", text="Removed.")
    return row


@transaction.atomic
def restore_dataset(*, by: Actor, dataset: int) -> Dataset:
    """Take a removal back, to the state before it; for administrators (GROUP_DELETE on the root),
    within 30 days. Conflict later, or when it was not removed."""
    row = Dataset.objects.select_for_update(of=("self",)).filter(pk=dataset).first()
    tree.require(actor=by, permission="DATASET_READ", entity=dataset)
    if not may_restore(by):
        raise Forbidden("Only administrators put a removed dataset back.", dataset=dataset)
    assert row is not None, "a DATASET entity has a dataset"  # noqa: S101
    if row.state != REMOVED or row.removed_at is None:
        raise Conflict("It was not removed.", dataset=dataset)
    if timezone.now() - row.removed_at > RECOVERABLE:
        raise Conflict(
            f"It was removed more than {RECOVERABLE.days} days ago and does not come back.",
            dataset=dataset,
        )
    row.state, row.removed_at, row.removed_from = row.removed_from or CLOSED, None, ""
    row.save(update_fields=["state", "removed_at", "removed_from"])
    audit.record(kind=Kind.DATASET_RESTORED, by=by, subject=dataset, data={"state": row.state})
    write_log(dataset=dataset, by=by, level="WARN", text=f"Put back; it is {row.state}.")
    return row


def may_restore(actor: Actor) -> bool:
    """Whether it is an administrator: GROUP_DELETE on the root."""
    return tree_queries.may(actor, "GROUP_DELETE", tree.ground().root.pk)


def locked(dataset: int, by: Actor, permission: str) -> Dataset:
    """The dataset's row, held until the transaction ends, when the actor holds the permission."""
    row = Dataset.objects.select_for_update(of=("self",)).filter(pk=dataset).first()
    tree.require(actor=by, permission=permission, entity=dataset)
    assert row is not None, "a DATASET entity has a dataset"  # noqa: S101
    return row


def _step(row: Dataset, state: str) -> None:
    if state not in NEXT_STATES[row.state]:
        raise Conflict(
            f"A dataset that is {row.state} cannot become {state}.", dataset=row.pk, state=row.state
        )
    row.state = state
