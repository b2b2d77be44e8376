"""Expire dates are set when a dataset begins a stage of its life, and changed within the policy."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction
from django.utils import timezone

from lagan.hub.audit import services as audit
from lagan.hub.audit.kinds import Kind
from lagan.hub.base.actors import Actor
from lagan.hub.datasets.lifespans import (
    Policy,
    Stage,
    first_date,
    latest,
    policy_of,
    read_date,
    require_allowed,
)
from lagan.hub.datasets.logbook import write_log
from lagan.hub.datasets.models import CLOSED, OPEN, REMOVED, Dataset
from lagan.hub.tree import queries as tree
from lagan.hub.tree import services as tree_services
from lagan.kit.errors import Conflict


def policy_at(group: int, state: str) -> Policy:
    """The lifespan policy for datasets of a group while they are in `state`."""
    fields = tree.effective_template(group, "DATASET").fields
    return policy_of(state, lambda key: fields[key].defaults if key in fields else ())


def begin_stage(row: Dataset, state: str, at: datetime) -> None:
    """Give the row the expire date of a stage that begins; the caller saves it."""
    row.expires_at = first_date(policy_at(row.entity.parent_id, state), at)


@transaction.atomic
def set_expiry(*, by: Actor, dataset: int, date: str) -> Dataset:
    """Another expire date, as people write it (`lifespans.read_date`; relative ones count from
    now). Needs DATASET_DELETE; beyond the policy also DATASET_EXTEND_UNLIMITED (BeyondPolicy)."""
    row = Dataset.objects.select_for_update(of=("self",)).filter(pk=dataset).first()
    tree_services.require(actor=by, permission="DATASET_DELETE", entity=dataset)
    assert row is not None, "a DATASET entity has a dataset"  # noqa: S101
    if row.state == REMOVED:
        raise Conflict("A removed dataset does not expire any more.", dataset=dataset)
    now = timezone.now()
    wanted = read_date(date, base=now)
    require_allowed(
        wanted,
        policy_at(row.entity.parent_id, stage_of(row)),
        _stage(row, now),
        unlimited=tree.may(by, "DATASET_EXTEND_UNLIMITED", dataset),
    )
    if wanted != row.expires_at:
        row.expires_at = wanted
        row.save(update_fields=["expires_at"])
        said = f"{wanted:%Y-%m-%d %H:%M:%S} UTC" if wanted else "never"
        data = {"expires": wanted.isoformat() if wanted else None}
        audit.record(kind=Kind.DATASET_EXPIRY_SET, by=by, subject=dataset, data=data)
        write_log(dataset=dataset, by=by, level="INFO", text=f"It expires now: {said}.")
    return row


def latest_date(dataset: int) -> datetime | None:
    """The latest expire date that the policy allows for a dataset just now; None for no bound.
    Asks no permission."""
    row = Dataset.objects.select_related("entity").get(pk=dataset)
    return latest(policy_at(row.entity.parent_id, stage_of(row)), _stage(row, timezone.now()))


def stage_of(row: Dataset) -> str:
    """Whose policy counts: that of open datasets, or of closed ones."""
    return OPEN if row.state == OPEN else CLOSED


def _stage(row: Dataset, now: datetime) -> Stage:
    begun = row.created_at if row.state == OPEN else row.closed_at or row.created_at
    return Stage(begun, row.expires_at, now)
