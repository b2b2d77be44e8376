"""A job is repeated as it was, once, by those who still may."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from threading import Barrier, Thread

import pytest
from django.db import connection
from django.utils import timezone

from lagan.hub.audit.models import Event
from lagan.hub.base.actors import SYSTEM, Actor
from lagan.hub.jobs.errors import JobNotRepeatable, JobOfAnother
from lagan.hub.jobs.models import Job, Task
from lagan.hub.jobs.services import resubmit, start
from lagan.kit.errors import NotFound
from tests.hub.jobs.workflow import begun, claim, finish, run_out, submission

pytestmark = pytest.mark.django_db


@pytest.fixture
def ended(db: None) -> Job:
    """A job that walked with filters, and has ended."""
    fields, filters = {"target": "lab"}, {"include": ["*.tif"]}
    job = begun(paths=["/data/\udcff"], discovery="recursive", fields=fields, filters=filters)
    run_out()
    job.refresh_from_db()
    return job


def test_a_repetition_finds_the_same_in_the_same_way(ended: Job) -> None:
    again = resubmit(job=ended.pk, by=SYSTEM)
    assert again.pk != ended.pk
    assert again.resubmits == ended.pk
    for name in ("kind", "title", "site", "discovery", "stages", "fields", "filters", "paths"):
        assert getattr(again, name) == getattr(ended, name), name
    walks = Task.objects.filter(job__in=(ended, again)).order_by("id")
    assert len({(each.step, str(each.args), bytes(each.items)) for each in walks}) == 1
    assert Event.objects.filter(kind="job.repeated").count() == 1


def test_while_it_is_open_nothing_happens() -> None:
    job = begun()
    assert resubmit(job=job.pk, by=SYSTEM).pk == job.pk
    assert Job.objects.count() == 1


def test_it_is_not_repeated_twice_in_quick_succession(ended: Job) -> None:
    again = resubmit(job=ended.pk, by=SYSTEM)
    assert resubmit(job=ended.pk, by=SYSTEM).pk == again.pk  # just made, and open
    run_out()
    Job.objects.filter(pk=again.pk).update(created=timezone.now())
    assert resubmit(job=ended.pk, by=SYSTEM).pk == again.pk  # just made
    Job.objects.filter(pk=again.pk).update(created=timezone.now() - timedelta(seconds=11))
    assert resubmit(job=ended.pk, by=SYSTEM).pk != again.pk


def test_while_a_repetition_goes_on_there_is_no_other(ended: Job) -> None:
    again = resubmit(job=ended.pk, by=SYSTEM)
    Job.objects.filter(pk=again.pk).update(created=timezone.now() - timedelta(hours=1))
    assert resubmit(job=ended.pk, by=SYSTEM).pk == again.pk


@pytest.mark.django_db(transaction=True)
def test_two_at_once_make_one(transactional_db: None) -> None:
    job = begun()
    run_out()
    barrier, made = Barrier(4), []

    def ask() -> None:
        barrier.wait()
        made.append(resubmit(job=job.pk, by=SYSTEM).pk)
        connection.close()

    threads = [Thread(target=ask) for _ in range(4)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert len(made) == 4
    assert len(set(made)) == 1


def test_what_was_added_to_a_job_is_repeated_too(owner: Actor) -> None:
    job = begun(owner)
    start(submission=submission(["/data/d", "/data/a"]), by=owner, job=job.pk)
    run_out()
    again = resubmit(job=job.pk, by=SYSTEM)
    assert again.total == 4


def test_work_of_another_sort_is_another_job(owner: Actor) -> None:
    job = begun(owner)
    for other in (
        submission(kind="migrate"),
        submission(stages=1),
        submission(discovery="recursive"),
        submission(filters={"include": ["*"]}),
    ):
        with pytest.raises(JobOfAnother):
            start(submission=other, by=owner, job=job.pk)
    assert Task.objects.count() == 1


def test_a_key_gives_its_work_to_the_job_that_has_it(owner: Actor) -> None:
    jobs = [
        start(submission=submission([path], stages=1), by=owner, key="recall:12")
        for path in ("/data/a", "/data/b")
    ]
    run_out()
    jobs.append(start(submission=submission(["/data/c"], stages=1), by=owner, key="recall:12"))
    assert len({job.pk for job in jobs}) == 1
    assert (jobs[2].state, jobs[2].total, jobs[2].processed) == ("STARTED", 3, 2)
    kinds = Event.objects.filter(kind__startswith="job.").order_by("id")
    expected = ["job.created", "job.extended", "job.finished", "job.extended"]
    assert list(kinds.values_list("kind", flat=True)) == expected


def test_a_job_of_the_hub_itself_is_not_repeatable(job: Job) -> None:
    for task in claim():
        finish(task)
    with pytest.raises(JobNotRepeatable):
        resubmit(job=job.pk, by=SYSTEM)


def test_a_stranger_repeats_nothing_and_the_owner_only_where_it_still_may(
    owner: Actor, stranger: Actor
) -> None:
    job = begun(owner)
    run_out()
    made: list[Callable[[], Job]] = [
        lambda: resubmit(job=job.pk, by=stranger),
        lambda: resubmit(job=job.pk, by=owner),  # it holds no TASK_CREATE at the site
    ]
    for act in made:
        with pytest.raises(NotFound):
            act()
    assert Job.objects.count() == 1
