"""An automated dataset asks for the job that fetches it, once and again."""

from __future__ import annotations

from django.db import transaction

from lagan.hub.base.actors import SYSTEM, Actor
from lagan.hub.datasets.ending import locked
from lagan.hub.datasets.errors import NotOpen
from lagan.hub.datasets.logbook import write_log
from lagan.hub.datasets.models import AUTOMATED, OPEN, Dataset
from lagan.hub.jobs import queries as job_queries
from lagan.hub.jobs import services as jobs
from lagan.hub.jobs.services import TaskSpec
from lagan.kit.errors import Conflict, NotFound

STEP = "datasets.acquire"


def ask_for_files(*, by: Actor, row: Dataset) -> None:
    """Make the job that fetches a dataset, in the caller's transaction."""
    assert row.computer is not None, "an automated dataset has a computer"  # noqa: S101
    job = jobs.create_job(
        kind=STEP,
        title=f"Fetch {row.entity.name} from {row.computer.name}",
        by=by,
        tasks=[TaskSpec(STEP, args={"dataset": row.pk})],
        args={"dataset": row.pk},
    )
    row.acquire_job = job.pk
    row.save(update_fields=["acquire_job"])


@transaction.atomic
def acquire_again(*, by: Actor, dataset: int) -> int:
    """Fetch what the last try could not; needs DATASET_CHANGE. The id of the job. NotOpen for a
    closed dataset, Conflict for a manual one or while the job runs."""
    row = locked(dataset, by, "DATASET_CHANGE")
    if row.type != AUTOMATED:
        raise Conflict("Only an automated dataset is fetched.", dataset=dataset)
    if row.state != OPEN:
        raise NotOpen(f"Dataset {dataset} is not open; it takes no more files.", dataset=dataset)
    if row.acquire_job is not None and _runs(row.acquire_job):
        raise Conflict("It is being fetched just now.", dataset=dataset, job=row.acquire_job)
    ask_for_files(by=by, row=row)
    write_log(dataset=dataset, by=by, level="INFO", text="Fetching it was asked for once more.")
    assert row.acquire_job is not None  # noqa: S101
    return row.acquire_job


def _runs(job: int) -> bool:
    try:
        return job_queries.job(SYSTEM, job).state in ("PENDING", "STARTED")
    except NotFound:
        return False
