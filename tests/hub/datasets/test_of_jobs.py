"""A job's dataset is made by whichever task comes first, and closed when the job has ended well."""

from __future__ import annotations

from threading import Barrier, Thread
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone

from lagan.hub.audit.rules import EventRow
from lagan.hub.base.actors import SYSTEM, Actor
from lagan.kit.errors import BadInput, Conflict, Forbidden, NotFound

FOLDER = "/data/caf\udce9"


@pytest.fixture
def job(bench) -> int:
    """An open job of the owner's, started on two paths of one folder."""
    from lagan.hub.jobs.services import Stage, Submission, ensure_site, start

    ensure_site(name="lab")
    paths = [f"{FOLDER}/a", f"{FOLDER}/b/c"]
    stages = [Stage("dataset.archive", "lab")]
    submission = Submission("keep", "Keep/All", "lab", paths, stages)
    return start(submission=submission, by=bench.people.owner).pk


def _of_job(bench, job: int, by: Actor | None = None, **given: Any) -> Any:
    from lagan.hub.datasets.services import dataset_of_job

    whole = {"by": by or bench.people.owner, "job": job, "group": bench.people.team.pk, **given}
    return dataset_of_job(**whole)


def _end(job: int, state: str) -> None:
    from lagan.hub.datasets import of_jobs
    from lagan.hub.jobs.models import Job

    Job.objects.filter(pk=job).update(state=state)
    told = EventRow(1, 1, timezone.now(), "job.finished", "system", None, None, {"job": job}, "")
    of_jobs.settle([told])
    of_jobs.settle([told])


def _row(bench, dataset: int) -> Any:
    from lagan.hub.datasets import queries

    return queries.dataset(bench.people.owner, dataset)


def _log(bench, dataset: int) -> list[str]:
    from lagan.hub.datasets import queries

    return [line.text for line in queries.log(bench.people.owner, dataset).items]


def test_it_is_made_once_and_knows_where_its_paths_begin(bench, job):
    first, again = _of_job(bench, job), _of_job(bench, job)
    assert first.pk == again.pk
    assert bytes(first.folder) == b"/data/caf\xe9"
    row = _row(bench, first.dataset_id)
    assert row.name.startswith("Keep-All 20")
    assert (row.state, row.owner) == ("open", "owner")
    assert _of_job(bench, job, name="other").dataset_id != first.dataset_id


def test_where_the_name_is_taken_the_job_s_number_is_added(bench, job):
    taken = bench.make(name="run")
    made = _of_job(bench, job, name="run").dataset_id
    assert made != taken
    assert _row(bench, made).name == f"run (job {job})"


@pytest.mark.parametrize(("state", "closed"), [("SUCCESS", True), ("FAILURE", False)])
def test_it_is_closed_when_the_job_ended_well(bench, job, state, closed):
    dataset = _of_job(bench, job).dataset_id
    _end(job, state)
    assert (_row(bench, dataset).state == "closed") is closed
    said = [line for line in _log(bench, dataset) if "stays open" in line]
    assert len(said) == (not closed)


def test_it_is_closed_after_a_retry_that_brought_the_rest(bench, job):
    dataset = _of_job(bench, job).dataset_id
    _end(job, "ERROR")
    _end(job, "SUCCESS")
    assert _row(bench, dataset).state == "closed"


def test_it_stays_open_when_that_was_asked_for(bench, job):
    dataset = _of_job(bench, job, close=False).dataset_id
    _end(job, "SUCCESS")
    assert _row(bench, dataset).state == "open"


def test_who_may_not_close_any_more_leaves_it_open(bench, job):
    from lagan.hub.tree import services as tree

    dataset = _of_job(bench, job).dataset_id
    owner = bench.people.owner.entity
    held = ["DATASET_READ", "DATASET_LOG_READ"]
    tree.set_grants(by=SYSTEM, subject=owner, object=dataset, grant=held)
    _end(job, "SUCCESS")
    assert _row(bench, dataset).state == "open"
    assert any("Not closed" in line for line in _log(bench, dataset))


def test_nobody_fills_the_dataset_of_somebody_else_s_job(bench, job):
    for actor in (bench.people.mate, bench.people.stranger, SYSTEM):
        with pytest.raises(NotFound):
            _of_job(bench, job, by=actor)


def test_an_ended_job_makes_none(bench, job):
    _end(job, "SUCCESS")
    with pytest.raises(Conflict):
        _of_job(bench, job)


def test_the_group_s_rule_is_the_same_as_for_any_dataset(bench, job):
    from lagan.hub.datasets.models import JobDataset

    with pytest.raises(Forbidden):
        _of_job(bench, job, group=_elsewhere(bench))
    with pytest.raises(BadInput):
        _of_job(bench, job, name="a\0b")
    assert not JobDataset.objects.exists()


def _elsewhere(bench) -> int:
    """A group that the owner sees, and may make nothing in."""
    from lagan.hub.tree import services as tree

    root = bench.people.ground.root.pk
    group = tree.create_entity(by=SYSTEM, type="GROUP", name="others", parent=root)
    owner = bench.people.owner.entity
    tree.set_grants(by=SYSTEM, subject=owner, object=group.pk, grant=["GROUP_READ"])
    return group.pk


@pytest.mark.django_db(transaction=True)
def test_tasks_that_ask_at_once_get_the_same(bench, job):
    barrier, made = Barrier(4), []

    def ask() -> None:
        barrier.wait()
        made.append(_of_job(bench, job).dataset_id)
        connection.close()

    threads = [Thread(target=ask) for _ in range(4)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert len(made) == 4
    assert len(set(made)) == 1
