"""Refusals of the accounts room."""

from __future__ import annotations

from lagan.kit.errors import LaganError


class LockedOut(LaganError):
    """Too many wrong passwords; try again later."""

    code, status, exit, permanent = "locked-out", 429, 8, False
