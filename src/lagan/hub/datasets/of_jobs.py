"""Datasets that jobs fill from a site: made once for a job, closed when it has ended well."""

from __future__ import annotations

import os
from collections.abc import Sequence

from django.db import transaction

from lagan.hub.audit.rules import EventRow
from lagan.hub.base.actors import Actor
from lagan.hub.datasets.creating import create_dataset
from lagan.hub.datasets.ending import close_dataset
from lagan.hub.datasets.logbook import write_log
from lagan.hub.datasets.models import OPEN, Dataset, JobDataset, LogLine
from lagan.hub.jobs.rules import JobState
from lagan.hub.jobs.workflows import queries as workflows
from lagan.hub.jobs.workflows.queries import Ending, Origin
from lagan.kit.errors import BadInput, Conflict, LaganError


@transaction.atomic
def dataset_of_job(
    *, by: Actor, job: int, group: int, name: str = "", close: bool = True
) -> JobDataset:
    """The dataset that an open job of `by` fills in `group`, made by the first who asks; `close`
    says whether it is closed when the job ends well.

    It is called `name`, or after the job and its time; where that is taken, with the job's number.
    NotFound for somebody else's job or when the dataset was removed; whatever `create_dataset`
    refuses.
    """
    if not name.isprintable():
        raise BadInput("A name has no control characters.", field="name")
    origin = workflows.origin(by, job)
    JobDataset.objects.get_or_create(
        job=job,
        group=group,
        name=name,
        defaults={"close": close, "folder": os.fsencode(origin.folder)},
    )
    row = JobDataset.objects.select_for_update().get(job=job, group=group, name=name)
    if row.dataset_id is None:
        row.dataset = _make(by, row, origin)
        row.save(update_fields=["dataset"])
        text = f"Filled by job {job} from {ascii(origin.folder)[1:-1]}."
        write_log(dataset=row.dataset.pk, by=by, level="INFO", text=text)
    return row


def settle(events: Sequence[EventRow]) -> None:
    """After jobs have ended: close what those filled that ended well, and say of the others why
    theirs stay open. Repeating it changes nothing."""
    jobs = {int(each.data["job"]) for each in events if "job" in each.data}
    rows = JobDataset.objects.filter(job__in=jobs, close=True, dataset__state=OPEN)
    ended = workflows.endings(jobs)
    for row in rows.order_by("pk"):
        if row.dataset_id is not None and row.job in ended:
            _settle(row.dataset_id, row.job, ended[row.job])


def _make(by: Actor, row: JobDataset, origin: Origin) -> Dataset:
    name = row.name or f"{origin.title} {origin.created:%Y-%m-%d %H:%M}".replace("/", "-")
    try:
        with transaction.atomic():
            return create_dataset(by=by, name=name, group=row.group)
    except Conflict:
        return create_dataset(by=by, name=f"{name} (job {row.job})", group=row.group)


def _settle(dataset: int, job: int, ended: Ending) -> None:
    if ended.state == JobState.SUCCESS:
        _close(dataset, ended.by)
    elif ended.state in (JobState.FAILURE, JobState.ERROR):
        text = (
            f"Job {job} could not store everything. The dataset stays open: try the job again, or"
            " close it as it is."
        )
        if not LogLine.objects.filter(dataset=dataset, text=text).exists():
            write_log(dataset=dataset, by=ended.by, level="WARN", text=text)


def _close(dataset: int, by: Actor) -> None:
    """As whoever started the job; one who may not do so any more leaves it open, and that is
    said."""
    try:
        close_dataset(by=by, dataset=dataset)
    except LaganError as refused:
        write_log(dataset=dataset, by=by, level="WARN", text=f"Not closed: {refused.sentence}")
