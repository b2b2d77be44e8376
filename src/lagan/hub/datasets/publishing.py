"""A closed dataset is shown to everybody, or no longer."""

from __future__ import annotations

from django.db import transaction
from django.utils import timezone

from lagan.hub.audit import services as audit
from lagan.hub.audit.kinds import Kind
from lagan.hub.base.actors import Actor
from lagan.hub.datasets.ending import locked
from lagan.hub.datasets.logbook import write_log
from lagan.hub.datasets.models import CLOSED, Publication
from lagan.kit.errors import Conflict


@transaction.atomic
def publish(*, by: Actor, dataset: int, files: bool) -> Publication:
    """Let anybody see the dataset's landing page and, with `files`, download its content; needs
    DATASET_PUBLISH. Again, it changes what is given out; the day of the first time stays. Conflict
    unless it is closed."""
    row = locked(dataset, by, "DATASET_PUBLISH")
    if row.state != CLOSED:
        raise Conflict(
            f"Only a closed dataset is published; this one is {row.state}.",
            dataset=dataset,
            state=row.state,
        )
    found = Publication.objects.filter(pk=dataset).first()
    if found is not None and found.files == files:
        return found
    made, _ = Publication.objects.update_or_create(
        pk=dataset,
        defaults={"files": files},
        create_defaults={"files": files, "at": timezone.now(), "by_id": by.entity},
    )
    audit.record(kind=Kind.DATASET_PUBLISHED, by=by, subject=dataset, data={"files": files})
    what = "with its files" if files else "without its files"
    write_log(dataset=dataset, by=by, level="INFO", text=f"Published {what}.")
    return made


@transaction.atomic
def unpublish(*, by: Actor, dataset: int) -> None:
    """Only those whom the tree lets read it see it again; needs DATASET_PUBLISH. Once is enough."""
    locked(dataset, by, "DATASET_PUBLISH")
    gone, _ = Publication.objects.filter(pk=dataset).delete()
    if gone:
        audit.record(kind=Kind.DATASET_UNPUBLISHED, by=by, subject=dataset)
        write_log(dataset=dataset, by=by, level="WARN", text="No longer published.")
