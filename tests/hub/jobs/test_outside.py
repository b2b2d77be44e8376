"""Jobs that somebody else's program runs, until a workflow makes them ours."""

from __future__ import annotations

from typing import Any

import pytest

from lagan.hub.base.actors import SYSTEM, Actor
from lagan.hub.jobs.errors import JobIsOurs, JobOver
from lagan.hub.jobs.models import Job, Site
from lagan.hub.jobs.rules import JobState
from lagan.hub.jobs.services import cancel, note_outside, pause, retry, start, tell
from lagan.kit.errors import BadInput, NotFound
from tests.hub.jobs.workflow import begun, run_out, submission, sums

pytestmark = pytest.mark.django_db


@pytest.fixture
def noted(site: Site) -> Job:
    return note_outside(by=SYSTEM, kind="send", site=site.name, total=5)


def test_its_numbers_are_what_was_told(noted: Job) -> None:
    assert (noted.state, noted.outside, noted.title) == (JobState.PENDING, True, "send")
    tell(job=noted.pk, by=SYSTEM, processed=2, state="STARTED")
    tell(job=noted.pk, by=SYSTEM, failed=3)
    assert sums(noted) == (5, 2, 0, 3)
    assert noted.started is not None
    row = tell(job=noted.pk, by=SYSTEM, state="FAILURE")
    assert row.finished is not None
    assert tell(job=noted.pk, by=SYSTEM, state="STARTED").finished is None


@pytest.mark.parametrize(
    "odd", [{"total": -1}, {"failed": 2**63}, {"skipped": True}, {"state": "ASLEEP"}]
)
def test_odd_numbers_and_states_are_refused(noted: Job, odd: dict[str, Any]) -> None:
    with pytest.raises(BadInput) as refused:
        tell(job=noted.pk, by=SYSTEM, **odd)
    assert refused.value.facts["field"] == next(iter(odd))
    assert sums(noted) == (5, 0, 0, 0)


def test_of_a_job_that_runs_here_nobody_tells_numbers() -> None:
    job = begun()
    with pytest.raises(JobIsOurs):
        tell(job=job.pk, by=SYSTEM, total=9)


def test_a_workflow_submitted_to_it_makes_it_ours(noted: Job) -> None:
    tell(job=noted.pk, by=SYSTEM, processed=2, state="SUCCESS")
    job = start(submission=submission(), by=SYSTEM, job=noted.pk)
    assert job.pk == noted.pk
    assert (job.outside, job.state) == (False, JobState.STARTED)
    assert sums(noted) == (3, 0, 0, 0)
    run_out()
    assert sums(noted) == (3, 3, 0, 0)


def test_it_can_be_cancelled_but_not_held_or_tried_again(noted: Job) -> None:
    with pytest.raises(JobOver):
        pause(job=noted.pk, by=SYSTEM)
    assert cancel(job=noted.pk, by=SYSTEM).state == JobState.CANCELLED
    assert retry(job=noted.pk, by=SYSTEM).state == JobState.CANCELLED


def test_a_site_that_one_may_not_use_looks_absent(site: Site, stranger: Actor) -> None:
    for by, name in ((stranger, site.name), (SYSTEM, "atlantis")):
        with pytest.raises(NotFound):
            note_outside(by=by, kind="send", site=name)
    assert not Job.objects.exists()
