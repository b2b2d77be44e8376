"""The verbs of datasets: create, close, remove, attach files, write to the log."""

from __future__ import annotations

from lagan.hub.base.actors import Actor
from lagan.hub.datasets.attaching import Arrival, Attached, attach
from lagan.hub.datasets.creating import create_dataset
from lagan.hub.datasets.ending import (
    RECOVERABLE,
    close_dataset,
    may_restore,
    remove_dataset,
    restore_dataset,
)
from lagan.hub.datasets.errors import NotOpen
from lagan.hub.datasets.expiry import set_expiry
from lagan.hub.datasets.fetching import STEP, acquire_again
from lagan.hub.datasets.keeping import notes
from lagan.hub.datasets.logbook import LEVELS, write_log, write_logs
from lagan.hub.datasets.models import OPEN, Dataset
from lagan.hub.tree import services as tree

__all__ = [
    "LEVELS",
    "Arrival",
    "Attached",
    "NotOpen",
    "RECOVERABLE",
    "STEP",
    "acquire_again",
    "attach",
    "close_dataset",
    "create_dataset",
    "may_restore",
    "notes",
    "remove_dataset",
    "require_open",
    "restore_dataset",
    "set_expiry",
    "write_log",
    "write_logs",
]


def require_open(*, by: Actor, dataset: int) -> None:
    """Refuse early what `attach` would refuse later: NotFound, Forbidden or NotOpen."""
    tree.require(actor=by, permission="DATASET_CHANGE", entity=dataset)
    if not Dataset.objects.filter(pk=dataset, state=OPEN).exists():
        raise NotOpen(f"Dataset {dataset} is not open; it takes no more files.", dataset=dataset)
