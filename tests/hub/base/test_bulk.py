"""Many rows at once are the same rows as one by one."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from django.db import IntegrityError, connection, transaction

from lagan.hub.audit.models import Event
from lagan.hub.base import bulk
from lagan.hub.tree.models import Entity, Grant, Metadata
from lagan.hub.tree.services import Ground, ensure_root

AT = datetime(2024, 2, 29, 1, 2, 3, 456789, tzinfo=UTC)
ODD = ["plain", "tab\tand\\backslash", "line\nfeed", "\\N", "ž🜁", "", "'; DROP TABLE x; --", "%s"]


def test_values_of_every_kind_come_back_as_they_went_in(ground: Ground) -> None:
    rows: list[tuple[object, ...]] = [
        (ground.root.id, ".k", place, text, 1.5, AT) for place, text in enumerate(ODD)
    ]
    rows.append((ground.root.id, ".k", 99, "none", None, None))
    columns = ["entity", "key", "position", "text", "number", "time"]
    assert bulk.insert(Metadata, rows, columns) == len(rows)
    found = Metadata.objects.order_by("position").values_list(*columns)
    assert list(found) == rows


def test_truth_values_and_columns_by_either_name(ground: Ground) -> None:
    root = ground.root.id
    Grant.objects.all().delete()
    rows = [(root, root, "A", True), (root, root, "A", False)]
    bulk.insert(Grant, rows, ["subject_id", "object", "permission", "deny"])
    assert sorted(Grant.objects.values_list("deny", flat=True)) == [False, True]


def test_nothing_is_nothing(db: None) -> None:
    assert bulk.insert(Event, [], ["at"]) == 0


def test_one_bad_row_inserts_none(ground: Ground) -> None:
    root = ground.root.id
    rows = [(root, ".k", 0, "x"), (root, ".k", 0, "again")]
    with pytest.raises(IntegrityError):
        bulk.insert(Metadata, rows, ["entity", "key", "position", "text"])
    assert not Metadata.objects.exists()


def test_rows_go_with_their_transaction(ground: Ground) -> None:
    with transaction.atomic():
        row = (ground.root.id, ".k", 0, "x")
        bulk.insert(Metadata, [row], ["entity", "key", "position", "text"])
        transaction.set_rollback(True)
    assert not Metadata.objects.exists()


def test_reserved_ids_are_nobody_elses(ground: Ground) -> None:
    ids = [*bulk.reserve_ids(Entity, 3), *bulk.reserve_ids(Entity, 2)]
    assert len(set(ids)) == 5
    made = Entity.objects.create(type="GROUP", name="x", parent=ground.root, path="x")
    assert made.id > max(ids) > min(ids) > ground.users.id


@pytest.mark.usefixtures("transactional_db")
def test_ids_are_reserved_inside_a_transaction_only() -> None:
    ensure_root()
    assert not connection.in_atomic_block
    with pytest.raises(transaction.TransactionManagementError):
        bulk.reserve_ids(Entity, 1)
