"""Refusals of the datasets room."""

from __future__ import annotations

from lagan.kit.errors import Conflict


class NotOpen(Conflict):
    """Only an open dataset takes files."""

    code = "dataset-not-open"


class NameTaken(Conflict):
    """The group has a dataset of that name already."""

    code = "name-taken"
