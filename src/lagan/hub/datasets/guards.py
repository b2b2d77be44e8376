"""What the tree asks before it changes a dataset's metadata."""

from __future__ import annotations

from lagan.hub.datasets.models import REMOVED, Dataset
from lagan.kit.errors import Conflict


def refuse_removed(dataset: int) -> None:
    """Conflict once the dataset is removed: its metadata stays as it was (source:
    seeds/dataset-archive.txt, how to edit dataset metadata)."""
    if Dataset.objects.filter(pk=dataset, state=REMOVED).exists():
        raise Conflict(
            "The dataset was removed; its metadata does not change any more.", dataset=dataset
        )
