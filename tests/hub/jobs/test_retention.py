"""Ended jobs go when somebody removes them, or when they are old."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from django.conf import settings
from django.utils import timezone

from lagan.hub.audit.models import Event
from lagan.hub.base.actors import Actor
from lagan.hub.jobs import retention
from lagan.hub.jobs.errors import JobNotOver
from lagan.hub.jobs.models import Job, Task
from lagan.hub.jobs.services import cancel, delete
from lagan.kit.errors import NotFound
from tests.hub.jobs.workflow import begun, run_out
from tests.worker.told import Told

pytestmark = pytest.mark.django_db
OLD = timedelta(days=91)


def _ended(ago: timedelta, **asked: Any) -> Job:
    job = begun(**asked)
    run_out()
    Job.objects.filter(pk=job.pk).update(finished=timezone.now() - ago)
    return job


def test_an_ended_job_goes_with_its_tasks(owner: Actor, stranger: Actor) -> None:
    job = begun(owner)
    with pytest.raises(JobNotOver):
        delete(job=job.pk, by=owner)
    cancel(job=job.pk, by=owner)
    with pytest.raises(NotFound):
        delete(job=job.pk, by=stranger)
    delete(job=job.pk, by=owner)
    assert not Job.objects.exists()
    assert not Task.objects.exists()
    assert Event.objects.filter(kind="job.deleted").count() == 1


def test_old_jobs_go_and_others_stay() -> None:
    old = [_ended(OLD).pk, _ended(OLD, stages=1).pk]
    stays = [_ended(timedelta(days=89)).pk, begun().pk]
    told = Told()
    assert retention.forget(told, {"days": 90}, []) == {"removed": 2}
    assert told.done == (2, 0)
    assert set(Job.objects.values_list("pk", flat=True)) == set(stays)
    assert Event.objects.filter(kind="job.deleted").count() == len(old)


def test_the_last_success_of_a_snapshot_difference_stays() -> None:
    asked = {"discovery": "snapdiff", "paths": ["/data"]}
    _ended(OLD, **asked)
    last = _ended(OLD, **asked)
    other = _ended(OLD, discovery="snapdiff", paths=["/more"])
    filtered = _ended(OLD, **asked, filters={"include": ["*.tif"]})
    retention.forget(Told(), {"days": 90}, [])
    left = set(Job.objects.values_list("pk", flat=True))
    assert left == {last.pk, other.pk, filtered.pk}


def test_a_job_for_it_is_made_when_there_is_something_to_do(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    retention.plan_forgetting()
    assert not Job.objects.exists()
    _ended(OLD)
    monkeypatch.setattr(settings, "CONFIG", replace(settings.CONFIG, job_days=0))
    retention.plan_forgetting()
    assert not Task.objects.filter(step=retention.STEP).exists()
    monkeypatch.setattr(settings, "CONFIG", replace(settings.CONFIG, job_days=90))
    retention.plan_forgetting()
    assert Task.objects.get(step=retention.STEP).args == {"days": 90}
