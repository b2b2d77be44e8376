"""The room's decisions: how a job ends, how long to wait, how work is cut."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import chain

import pytest
from hypothesis import given
from hypothesis import strategies as some

from lagan.hub.jobs.packing import pack_failures, pack_items, unpack_failures, unpack_items
from lagan.hub.jobs.rules import JobState, batches, final_state, is_spent, next_run, pause_after
from lagan.kit.errors import BadInput
from lagan.worker.ledger import ItemFailure


@pytest.mark.parametrize(
    ("errors", "cancelled", "failed", "state"),
    [
        (False, False, 0, JobState.SUCCESS),
        (False, False, 1, JobState.FAILURE),
        (True, False, 1, JobState.ERROR),
        (True, True, 1, JobState.CANCELLED),
    ],
)
def test_a_job_is_a_success_only_when_everything_was(
    errors: bool, cancelled: bool, failed: int, state: JobState
) -> None:
    assert final_state(errors=errors, cancelled=cancelled, failed_items=failed) == state


def test_pauses_double_with_half_either_way_up_to_ten_minutes() -> None:
    assert pause_after(1, 0.0) == timedelta(seconds=1)
    assert pause_after(3, 0.5) == timedelta(seconds=8)
    assert pause_after(10**6, 1.0) == timedelta(minutes=15)


def test_a_task_is_tried_five_times_or_through_twenty_deaths() -> None:
    assert not is_spent(errors=4, lapses=19)
    assert is_spent(errors=5, lapses=0)
    assert is_spent(errors=0, lapses=20)


@given(
    some.lists(some.tuples(some.text(), some.integers(0, 50))),
    some.integers(1, 5),
    some.integers(1, 99),
)
def test_batches_hold_everything_once_in_order_and_are_no_larger_than_asked(
    items: list[tuple[str, int]], count: int, size: int
) -> None:
    cut = list(batches(items, count, size))
    assert list(chain.from_iterable(cut)) == [item for item, _ in items]
    assert all(1 <= len(batch) <= count for batch in cut)


def test_a_batch_is_closed_once_it_holds_its_bytes() -> None:
    assert list(batches([("a", 6), ("b", 6), ("c", 1)], 9, 10)) == [["a", "b"], ["c"]]


def test_a_schedule_is_a_period_or_cron_in_utc() -> None:
    noon = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
    assert next_run(timedelta(hours=2), noon) == datetime(2026, 3, 1, 14, 0, tzinfo=UTC)
    assert next_run("30 3 * * *", noon) == datetime(2026, 3, 2, 3, 30, tzinfo=UTC)
    with pytest.raises(BadInput, match="five cron fields"):
        next_run("every full moon", noon)


@given(some.lists(some.text(some.characters())))
def test_any_name_survives_packing(items: list[str]) -> None:
    broken = [*items, "not\udcffutf-8", "new\nline", ""]
    assert unpack_items(pack_items(broken)) == broken
    failures = [ItemFailure(item, "failed", "why") for item in broken]
    assert unpack_failures(pack_failures(failures)) == failures


def test_nothing_is_packed_as_nothing() -> None:
    assert (pack_items([]), pack_failures([])) == (b"", b"")
    assert not unpack_items(b"")
    assert not unpack_failures(b"")
