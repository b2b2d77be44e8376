"""Refusals of the datasets room."""

from __future__ import annotations

from lagan.kit.errors import Conflict, Forbidden


class NotOpen(Conflict):
    """Only an open dataset takes files."""

    code = "dataset-not-open"


class BeyondPolicy(Forbidden):
    """The lifespan policy does not let a dataset last that long; DATASET_EXTEND_UNLIMITED does."""

    code = "beyond-lifespan-policy"
