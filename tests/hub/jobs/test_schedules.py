"""What is periodic runs when it is due, once, whoever comes first."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from lagan.hub.base.actors import SYSTEM
from lagan.hub.jobs import schedules
from lagan.hub.jobs.models import Job, Schedule
from lagan.hub.jobs.schedules import register_schedule, run_due
from lagan.hub.jobs.services import create_job

pytestmark = pytest.mark.django_db
NOON = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)


@pytest.fixture(autouse=True)
def _own_schedules(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(schedules, "_entries", {})


def _make() -> None:
    create_job(kind="nightly", title="Nightly", by=SYSTEM, tasks=[])


def test_it_runs_when_its_time_has_come_and_once() -> None:
    register_schedule("nightly", HOUR, _make)
    assert run_due(NOON) == []
    assert run_due(NOON + HOUR) == ["nightly"]
    assert run_due(NOON + HOUR) == []
    assert Job.objects.count() == 1


def test_missed_times_are_made_up_for_once() -> None:
    register_schedule("nightly", HOUR, _make)
    run_due(NOON)
    assert run_due(NOON + 48 * HOUR) == ["nightly"]
    assert Schedule.objects.get().next_run == NOON + 49 * HOUR


def test_of_two_that_saw_it_due_one_runs_it() -> None:
    register_schedule("nightly", HOUR, _make)
    run_due(NOON)
    row = Schedule.objects.get()
    assert schedules._run(row, NOON + HOUR) is True
    assert schedules._run(row, NOON + HOUR) is False
    assert Job.objects.count() == 1


def test_a_failure_is_kept_leaves_nothing_and_stops_no_other() -> None:
    def half() -> None:
        _make()
        raise RuntimeError("the disk is full")

    register_schedule("broken", HOUR, half)
    register_schedule("nightly", HOUR, _make)
    run_due(NOON)
    assert set(run_due(NOON + HOUR)) == {"broken", "nightly"}
    assert Job.objects.count() == 1
    row = Schedule.objects.get(name="broken")
    assert row.last_error == "RuntimeError: the disk is full"
    assert row.next_run == NOON + 2 * HOUR


def test_an_administrator_may_change_its_times_and_stop_it() -> None:
    register_schedule("nightly", HOUR, _make)
    run_due(NOON)
    Schedule.objects.update(every="0 3 * * *", next_run=NOON)
    run_due(NOON)
    assert Schedule.objects.get().next_run == datetime(2026, 3, 2, 3, 0, tzinfo=UTC)
    Schedule.objects.update(enabled=False)
    assert run_due(NOON + 100 * HOUR) == []


def test_a_name_has_one_schedule() -> None:
    register_schedule("nightly", HOUR, _make)
    register_schedule("nightly", HOUR, _make)
    with pytest.raises(ValueError, match="nightly"):
        register_schedule("nightly", 2 * HOUR, _make)
