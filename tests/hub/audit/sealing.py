"""Sealing as a scheduler does it: again and again."""

from __future__ import annotations

from lagan.hub.audit.feed import run_reactions
from lagan.hub.audit.models import Event
from lagan.hub.audit.services import seal
from tests.services.hub import until


def seal_all() -> int:
    """Seal until nothing is left, and say how many were sealed.

    On PostgreSQL one call may seal nothing: a transaction of another database of the same server
    holds back what is younger, until it ends.
    """
    sealed = 0

    def nothing_left() -> bool:
        nonlocal sealed
        sealed += seal()
        return not Event.objects.filter(sequence=None).exists()

    until(nothing_left)
    return sealed


def settle() -> None:
    """Seal, and let reactions act on it, until nothing is left of either."""
    while seal_all() or run_reactions():
        pass
