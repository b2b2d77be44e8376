"""Refusals of the datasets room."""

from __future__ import annotations

from lagan.kit.errors import Conflict


class NotOpen(Conflict):
    """Only an open dataset takes files."""

    code = "dataset-not-open"
