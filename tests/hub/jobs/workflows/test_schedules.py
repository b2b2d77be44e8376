"""A schedule runs its workflow when its time has come, once, as the person who made it; what it may
not run any more it says."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from lagan.hub.accounts.models import User
from lagan.hub.accounts.services import create_user
from lagan.hub.base.actors import SYSTEM, Actor
from lagan.hub.jobs import queries as jobs
from lagan.hub.jobs import schedules as engine
from lagan.hub.jobs.errors import StillRunning
from lagan.hub.jobs.models import Job, Schedule
from lagan.hub.jobs.rules import JobState
from lagan.hub.jobs.schedules import run_due
from lagan.hub.jobs.workflows import schedules
from lagan.hub.jobs.workflows.errors import UnsoundSchedule
from lagan.kit.errors import Forbidden, NotFound

if TYPE_CHECKING:
    from tests.hub.jobs.workflows.conftest import Scene

pytestmark = pytest.mark.django_db
ODD = "/data/caf\udce9"


@pytest.fixture(autouse=True)
def _only_these(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engine, "_entries", {})


@pytest.fixture
def nina(scene: Scene) -> Actor:
    """A user who may run things at `lab`."""
    user = create_user(by=SYSTEM, username="nina")
    nina = Actor(user.entity_id, "nina", "jwt")
    scene.grant(nina, scene.people.team.id, "TASK_READ", "TASK_CREATE")
    return nina


def _make(by: Actor, **changes: Any) -> Schedule:
    asked: dict[str, Any] = {
        "title": "Every night", "every": "30 2 * * *", "workflow": "migrate", "site": "lab",
        "paths": [ODD], "discovery": None,
    }  # fmt: skip
    return schedules.make_schedule(by=by, **{**asked, **changes})


def _due(row: Schedule) -> datetime:
    row.refresh_from_db()
    return row.next_run + timedelta(seconds=1)


def _end(job: int) -> None:
    Job.objects.filter(pk=job).update(state=JobState.SUCCESS)


def test_it_runs_when_its_time_has_come_and_as_whoever_made_it(nina: Actor) -> None:
    row = _make(nina)
    assert (row.next_run.hour, row.next_run.minute) == (2, 30)
    assert run_due(row.next_run - timedelta(seconds=1)) == []
    assert run_due(_due(row)) == [row.name]
    job = Job.objects.get()
    row.refresh_from_db()
    assert (job.kind, job.site, job.created_by) == ("migrate", "lab", nina.entity)
    assert (row.last_job, row.last_error) == (job.pk, "")
    assert row.next_run > datetime.now(UTC)
    assert schedules.paths_of(row) == [ODD]


def test_missed_times_are_made_up_for_once(nina: Actor) -> None:
    row = _make(nina)
    late = _due(row) + timedelta(days=9)
    assert run_due(late) == [row.name]
    assert run_due(late) == []
    assert Job.objects.count() == 1


def test_a_run_that_goes_on_is_not_begun_again_and_that_is_said(nina: Actor) -> None:
    row = _make(nina)
    run_due(_due(row))
    first = Job.objects.get()
    run_due(_due(row))
    row.refresh_from_db()
    assert Job.objects.count() == 1
    assert f"job {first.pk} of the run before still goes on" in row.last_error
    with pytest.raises(StillRunning):
        schedules.run_now(by=nina, schedule=row.pk)
    _end(first.pk)
    run_due(_due(row))
    row.refresh_from_db()
    assert Job.objects.count() == 2
    assert row.last_error == ""


def test_what_may_not_be_run_any_more_is_said_and_nothing_is_started(
    scene: Scene, nina: Actor
) -> None:
    row = _make(nina)
    scene.grant(nina, scene.people.team.id, "TASK_READ")
    run_due(_due(row))
    row.refresh_from_db()
    assert "TASK_CREATE" in row.last_error
    scene.grant(nina, scene.people.team.id, "TASK_READ", "TASK_CREATE")
    User.objects.filter(username="nina").update(is_active=False)
    run_due(_due(row))
    row.refresh_from_db()
    assert "may not sign in any more" in row.last_error
    assert not Job.objects.exists()


def test_one_that_fails_does_not_stop_the_others(nina: Actor) -> None:
    broken, whole = _make(nina), _make(nina, title="The other")
    Schedule.objects.filter(pk=broken.pk).update(run={**broken.run, "site": "gone"})
    assert len(run_due(_due(whole))) == 2
    assert Job.objects.count() == 1
    broken.refresh_from_db()
    assert "There is no site called 'gone'" in broken.last_error


def test_one_switched_off_does_not_run_nor_makes_up_for_it(nina: Actor) -> None:
    row = _make(nina)
    schedules.change_schedule(by=nina, schedule=row.pk, enabled=False)
    assert run_due(_due(row) + timedelta(days=3)) == []
    Schedule.objects.filter(pk=row.pk).update(next_run=datetime(2026, 1, 1, tzinfo=UTC))
    schedules.change_schedule(by=nina, schedule=row.pk, enabled=True)
    assert run_due() == []


def test_what_is_not_given_stays(nina: Actor) -> None:
    row = _make(nina)
    schedules.change_schedule(by=nina, schedule=row.pk, every="0 0 1 * *")
    schedules.change_schedule(by=nina, schedule=row.pk, workflow="recall")
    row.refresh_from_db()
    assert (row.title, row.every, row.next_run.day) == ("Every night", "0 0 1 * *", 1)
    assert (row.run["workflow"], row.run["discovery"]) == ("recall", None)
    assert schedules.paths_of(row) == [ODD]


def test_it_runs_as_whoever_last_said_what_it_runs(scene: Scene, nina: Actor) -> None:
    row = _make(nina)
    schedules.change_schedule(by=scene.admin, schedule=row.pk, every="0 3 * * *")
    assert schedules.schedule(nina, row.pk).created_by == nina.entity
    with pytest.raises(Forbidden):
        schedules.run_now(by=scene.admin, schedule=row.pk)
    schedules.change_schedule(by=scene.admin, schedule=row.pk, paths=["/other"])
    assert schedules.schedule(scene.admin, row.pk).created_by == scene.admin.entity
    with pytest.raises(NotFound):
        schedules.schedule(nina, row.pk)


def test_others_do_not_see_it(scene: Scene, nina: Actor) -> None:
    row = _make(nina)
    people = scene.people
    for actor in (people.owner, people.mate, people.stranger):
        assert not schedules.visible(actor).exists()
        with pytest.raises(NotFound):
            schedules.remove_schedule(by=actor, schedule=row.pk)
    assert schedules.visible(scene.admin).count() == 1
    schedules.remove_schedule(by=nina, schedule=row.pk)
    assert not Schedule.objects.exists()


def test_run_at_once(nina: Actor) -> None:
    row = _make(nina, enabled=False)
    job = schedules.run_now(by=nina, schedule=row.pk)
    row.refresh_from_db()
    assert row.last_job == job.pk


def test_who_may_not_run_it_does_not_schedule_it(scene: Scene) -> None:
    with pytest.raises(Forbidden):
        _make(scene.people.mate)
    with pytest.raises(UnsoundSchedule, match="There is no site called 'lab'"):
        _make(scene.people.stranger)
    with pytest.raises(Forbidden, match="as a person"):
        _make(SYSTEM)


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"every": "@daily"}, "every"),
        ({"every": "* * * * * *"}, "every"),
        ({"every": "0 0 31 2 *"}, "every"),
        ({"every": "60"}, "every"),
        ({"every": 60}, "every"),
        ({"title": " "}, "title"),
        ({"enabled": "yes"}, "enabled"),
        ({"workflow": "nothing"}, "workflow"),
        ({"paths": []}, "paths"),
        ({"fields": {"depth": 1}}, "fields"),
        ({"filters": {"age": 1}, "discovery": "recursive"}, "filters"),
    ],
)
def test_what_is_wrong_is_named(nina: Actor, change: dict[str, Any], field: str) -> None:
    with pytest.raises(UnsoundSchedule) as refused:
        _make(nina, **change)
    assert list(refused.value.reasons) == [field]
    assert not Schedule.objects.exists()


def test_the_hubs_own_schedules_are_not_among_them(scene: Scene, nina: Actor) -> None:
    engine.register_schedule("nightly", timedelta(hours=1), lambda: None)
    run_due()
    row = _make(nina)
    assert [each.pk for each in schedules.visible(scene.admin)] == [row.pk]
    assert [each.name for each in jobs.schedules()] == ["nightly"]
