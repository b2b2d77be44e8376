"""The names and numbers that the preservation service gives to what happens to a package.

0, 1, 3, 10 and 11 are documented with both; the names of 4, 6 and 7 are documented, their numbers
and all else are ours.
"""

from __future__ import annotations

from lagan.hub.audit.rules import EventRow

EVENTS: dict[tuple[str, str], tuple[int, str]] = {
    ("package.begun", "done"): (0, "Started Uploading To LTP"),
    ("package.stored", "done"): (1, "Uploaded To LTP"),
    ("package.failed", "failed"): (2, "Uploading To LTP failed"),
    ("package.digested", "done"): (3, "Content checksum computed"),
    ("package.checked", "done"): (4, "Content checksum successfully verified"),
    ("package.checked", "failed"): (5, "Content checksum verification failed"),
    ("package.requested", "done"): (6, "Content download from LTP requested"),
    ("package.fetched", "done"): (7, "Content downloaded from LTP"),
    ("package.not-fetched", "failed"): (8, "Content download from LTP failed"),
    ("package.changed", "done"): (9, "Metadata updated"),
    ("package.judged", "not-valid"): (10, "Bagit check failed"),
    ("package.judged", "done"): (11, "Bagit check success"),
    ("package.followed", "done"): (12, "New version uploaded"),
    ("package.removed", "done"): (13, "Removed from LTP"),
}
"""By kind and result of the event in the record."""


def event_of(row: EventRow) -> tuple[int, str]:
    """Number and name."""
    return EVENTS[row.kind, row.result]
