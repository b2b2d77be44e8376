"""Refusals of the packages room."""

from __future__ import annotations

from lagan.kit.errors import Conflict


class NotReady(Conflict):
    """The package is in a state in which this cannot be done to it."""

    code = "package-not-ready"


class Superseded(Conflict):
    """There already is a newer version of the package."""

    code = "package-superseded"
