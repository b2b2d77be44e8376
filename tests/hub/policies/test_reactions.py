"""A filesystem that fills up is noticed without anybody asking, and a policy's time too; what is
begun is begun once."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from django.utils import timezone

from lagan.hub.accounts.models import User
from lagan.hub.audit import feed
from lagan.hub.audit.models import Event
from lagan.hub.audit.rules import EventRow
from lagan.hub.jobs.models import Schedule
from lagan.hub.jobs.schedules import run_due
from lagan.hub.policies import reactions, rules, services
from lagan.hub.policies.models import Policy, Run

if TYPE_CHECKING:
    from tests.hub.policies.conftest import Scene

pytestmark = pytest.mark.django_db
REPORT = {"left_out": {}, "files": 1, "limited": False}


def begun() -> list[tuple[str, str]]:
    return list(Run.objects.order_by("id").values_list("cause", "by_name"))


def end() -> None:
    """What happens within seconds of a job's end: the events of all ends are heard, again too."""
    (reaction,) = [each for each in feed._reactions.values() if each.name == "policies.runs"]
    rows = Event.objects.filter(kind__in=reaction.kinds).order_by("id")
    reaction.act(
        [EventRow(1, e.id, e.at, e.kind, "", None, None, json.loads(e.data), "") for e in rows]
    )


def test_a_filesystem_over_the_mark_begins_a_run_as_whoever_made_the_policy(scene: Scene) -> None:
    scene.policy()
    scene.fill(80)
    reactions.look()
    assert begun() == []
    scene.fill(80.1)
    reactions.look()
    reactions.look()
    assert begun() == [("full", "admin")]


def test_the_scheduler_looks_every_minute(scene: Scene) -> None:
    scene.policy()
    scene.fill(90)
    run_due()
    soon = timezone.now() + timedelta(minutes=1, seconds=5)
    assert "policies.look" in run_due(soon)
    assert begun() == [("full", "admin")]
    assert Schedule.objects.get(name="policies.look").last_error == ""


def test_another_site_or_another_filesystem_begins_nothing(scene: Scene) -> None:
    scene.policy(paths=["/home"])
    scene.fill(90)
    reactions.look()
    assert begun() == []


def test_one_that_is_switched_off_begins_nothing(scene: Scene) -> None:
    scene.policy(enabled=False, every="5 m")
    scene.fill(90)
    reactions.look(timezone.now() + timedelta(hours=1))
    assert begun() == []


def test_a_schedule_begins_a_run_when_its_time_has_come_and_once(scene: Scene) -> None:
    row = scene.policy(every="6 h", high=None, low=None, paths=["/data"])
    reactions.look()
    later = timezone.now() + timedelta(hours=20)
    reactions.look(later)
    reactions.look(later)
    assert begun() == [("schedule", "admin")]
    row.refresh_from_db()
    assert row.next_run == later + timedelta(hours=6)


def test_a_run_ends_with_its_job_and_fullness_waits_a_while(
    scene: Scene, work: Callable[..., None]
) -> None:
    scene.policy()
    scene.fill(90)
    reactions.look()
    work(REPORT, ["/data/a"])
    end()
    assert Run.objects.get().finished is None
    work({})
    end()
    run = Run.objects.get()
    assert (run.state, run.moved, run.report) == ("SUCCESS", 1, REPORT)
    assert run.finished is not None
    reactions.look()
    assert len(begun()) == 1
    scene.fill(90)
    Run.objects.update(finished=run.finished - rules.REST)
    reactions.look()
    assert len(begun()) == 2


def test_a_run_that_left_something_is_followed_by_another(
    scene: Scene, work: Callable[..., None]
) -> None:
    scene.policy()
    scene.fill(90)
    reactions.look()
    work({**REPORT, "limited": True}, ["/data/a"])
    work({})
    end()
    reactions.look()
    assert len(begun()) == 2


def test_who_may_not_any_more_has_nothing_done_and_it_is_said_once(
    scene: Scene, caplog: pytest.LogCaptureFixture
) -> None:
    row = scene.policy(every="6 h")
    other = scene.policy(title="Other", paths=["/data"])
    Policy.objects.filter(pk=other.pk).update(created_by=scene.mate.actor.entity)
    User.objects.filter(username="admin").update(is_active=False)
    scene.fill(90)
    with caplog.at_level(logging.WARNING, "lagan.hub.policies"):
        reactions.look()
        reactions.look()
    assert begun() == []
    row.refresh_from_db()
    assert "may not sign in" in row.last_error
    assert "TASK_CHANGE" in Policy.objects.get(pk=other.pk).last_error
    assert len(caplog.records) == 2


def test_runs_of_jobs_that_are_gone_are_over(scene: Scene) -> None:
    row = scene.policy(paths=["/data"])
    run = services.run_policy(by=scene.admin.actor, policy=row.pk)
    Run.objects.filter(pk=run.pk).update(job=10**9)
    services.run_policy(by=scene.admin.actor, policy=row.pk)
    assert Run.objects.get(pk=run.pk).finished is not None
