"""The verbs of datasets: create, close, remove, attach files, write to the log."""

from __future__ import annotations

from django.db import transaction
from django.utils import timezone

from lagan.hub.audit import services as audit
from lagan.hub.audit.kinds import Kind
from lagan.hub.base.actors import SYSTEM, Actor
from lagan.hub.datasets.attaching import Arrival, Attached, attach
from lagan.hub.datasets.errors import NotOpen
from lagan.hub.datasets.keeping import notes
from lagan.hub.datasets.logging import write_log, write_logs
from lagan.hub.datasets.models import CLOSED, OPEN, REMOVED, Dataset
from lagan.hub.datasets.rules import NEXT_STATES
from lagan.hub.datasets.versions import remove_files, restore_version
from lagan.hub.tree import services as tree
from lagan.hub.tree.permissions import DATASET_CREATOR
from lagan.kit.errors import BadInput, Conflict

__all__ = [
    "Arrival",
    "Attached",
    "NotOpen",
    "attach",
    "close_dataset",
    "create_dataset",
    "notes",
    "remove_dataset",
    "remove_files",
    "require_open",
    "restore_version",
    "write_log",
    "write_logs",
]


@transaction.atomic
def create_dataset(
    *, by: Actor, name: str, group: int, owner: int | None = None, computer: int | None = None
) -> Dataset:
    """A new open dataset beneath `group`; needs DATASET_CREATE there.

    `owner` is the USER entity that gets the creator's rights; the actor's own unless given, as an
    instrument's agent does for the people whose folders it finds. Conflict when the group
    has one of that name.
    """
    subject = owner or by.entity
    if subject is None:
        raise BadInput("A dataset needs an owner.", field="owner")
    tree.require(actor=by, permission="DATASET_CREATE", entity=group)
    entity = tree.create_entity(by=SYSTEM, type="DATASET", name=name, parent=group)
    tree.set_grants(
        by=SYSTEM, subject=subject, object=entity.pk, grant=DATASET_CREATOR, deny=frozenset()
    )
    dataset = Dataset.objects.create(
        entity=entity, owner_id=subject, computer_id=computer, created_at=timezone.now()
    )
    audit.record(
        kind=Kind.DATASET_CREATED, by=by, subject=entity.pk, data={"name": name, "owner": subject}
    )
    write_log(dataset=entity.pk, by=by, level="INFO", text="Created.")
    return dataset


@transaction.atomic
def close_dataset(*, by: Actor, dataset: int) -> Dataset:
    """No more files after this; needs DATASET_CLOSE. Closing a closed dataset changes nothing."""
    row = _locked(dataset, by, "DATASET_CLOSE")
    if row.state == CLOSED:
        return row
    _step(row, CLOSED)
    row.closed_at = timezone.now()
    row.save(update_fields=["state", "closed_at"])
    data = {"files": row.file_count, "bytes": row.bytes}
    audit.record(kind=Kind.DATASET_CLOSED, by=by, subject=dataset, data=data)
    write_log(
        dataset=dataset,
        by=by,
        level="INFO",
        text=f"Closed with {row.file_count} files, {row.bytes} bytes.",
    )
    return row


@transaction.atomic
def remove_dataset(*, by: Actor, dataset: int) -> Dataset:
    """Mark as removed: its data is no longer given out, its record stays; needs DATASET_DELETE."""
    row = _locked(dataset, by, "DATASET_DELETE")
    if row.state == REMOVED:
        return row
    _step(row, REMOVED)
    row.removed_at = timezone.now()
    row.save(update_fields=["state", "removed_at"])
    audit.record(kind=Kind.DATASET_REMOVED, by=by, subject=dataset)
    write_log(dataset=dataset, by=by, level="WARN", text="Removed.")
    return row


def require_open(*, by: Actor, dataset: int) -> None:
    """Refuse early what `attach` would refuse later: NotFound, Forbidden or NotOpen."""
    tree.require(actor=by, permission="DATASET_CHANGE", entity=dataset)
    if not Dataset.objects.filter(pk=dataset, state=OPEN).exists():
        raise NotOpen(f"Dataset {dataset} is not open; it takes no more files.", dataset=dataset)


def _locked(dataset: int, by: Actor, permission: str) -> Dataset:
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
