"""The content of a removed dataset goes for good; its record stays."""

from __future__ import annotations

from collections.abc import Iterator
from uuid import UUID

from django.db import transaction

from lagan.hub.archive import queries as archive_queries
from lagan.hub.archive import services as archive
from lagan.hub.audit import services as audit
from lagan.hub.audit.kinds import Kind
from lagan.hub.base.actors import Actor
from lagan.hub.datasets.ending import locked
from lagan.hub.datasets.logbook import write_log
from lagan.hub.datasets.models import REMOVED, Dataset, Entry, RemovedEntry
from lagan.kit.errors import Conflict


@transaction.atomic
def erase(*, by: Actor, dataset: int) -> None:
    """Remove every version of every file of a removed dataset, with all copies; nothing brings them
    back. Needs DATASET_DELETE. Conflict when it was not removed before."""
    row = locked(dataset, by, "DATASET_DELETE")
    if row.state != REMOVED:
        raise Conflict("Only what was removed is erased.", dataset=dataset)
    ids = {
        *Entry.objects.filter(dataset=row).values_list("file_id", flat=True),
        *RemovedEntry.objects.filter(dataset=row).values_list("file_id", flat=True),
    }
    files = [each for file in sorted(ids) for each in _versions(file)]
    Entry.objects.filter(dataset=row).delete()
    RemovedEntry.objects.filter(dataset=row).delete()
    gone = archive.remove_files(files=files)
    Dataset.objects.filter(pk=row.pk).update(file_count=0, bytes=0)
    audit.record(
        kind=Kind.DATASET_ERASED, by=by, subject=dataset,
        data={"count": len(files), "files": [each.hex for each in files]},
    )  # fmt: skip
    write_log(dataset=dataset, by=by, level="WARN", text="Its content was erased.")
    # Rows first, bytes and journal lines after: a kill in between leaves what the sweep removes.
    transaction.on_commit(lambda: archive.let_go(gone))


def _versions(file_id: str) -> Iterator[UUID]:
    """Every version, newest first."""
    before: int | None = None
    while rows := archive_queries.versions(file_id, before=before):
        yield from (each.id for each in rows)
        before = rows[-1].version
