"""The verbs of datasets: create, close, remove, attach files, write to the log."""

from __future__ import annotations

from lagan.hub.base.actors import Actor
from lagan.hub.datasets.attaching import Arrival, Attached, Outcome, attach
from lagan.hub.datasets.counting import check_room
from lagan.hub.datasets.creating import create_dataset
from lagan.hub.datasets.ending import (
    RECOVERABLE,
    close_dataset,
    may_restore,
    remove_dataset,
    restore_dataset,
)
from lagan.hub.datasets.erasing import erase
from lagan.hub.datasets.errors import NotOpen, OverQuota
from lagan.hub.datasets.expiry import set_expiry
from lagan.hub.datasets.fetching import STEP, acquire_again
from lagan.hub.datasets.keeping import notes
from lagan.hub.datasets.logbook import LEVELS, write_log, write_logs
from lagan.hub.datasets.models import OPEN, Dataset
from lagan.hub.datasets.of_jobs import dataset_of_job
from lagan.hub.datasets.publishing import publish, unpublish
from lagan.hub.datasets.sharing import create_link, note_opened, revoke_link, unlock
from lagan.hub.datasets.versions import remove_files, restore_version
from lagan.hub.tree import services as tree

__all__ = [
    "LEVELS",
    "Arrival",
    "Attached",
    "NotOpen",
    "RECOVERABLE",
    "STEP",
    "acquire_again",
    "Outcome",
    "OverQuota",
    "attach",
    "check_room",
    "close_dataset",
    "create_dataset",
    "dataset_of_job",
    "erase",
    "may_restore",
    "create_link",
    "note_opened",
    "notes",
    "publish",
    "remove_dataset",
    "remove_files",
    "require_open",
    "restore_dataset",
    "restore_version",
    "set_expiry",
    "revoke_link",
    "unlock",
    "unpublish",
    "write_log",
    "write_logs",
]


def require_open(*, by: Actor, dataset: int) -> None:
    """Refuse early what `attach` would refuse later: NotFound, Forbidden or NotOpen."""
    tree.require(actor=by, permission="DATASET_CHANGE", entity=dataset)
    if not Dataset.objects.filter(pk=dataset, state=OPEN).exists():
        raise NotOpen(f"Dataset {dataset} is not open; it takes no more files.", dataset=dataset)
