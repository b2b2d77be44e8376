"""How much room there is for what sites bring."""

from __future__ import annotations

from lagan.hub.archive import queries as archive
from lagan.store.volume import Usage


def room() -> Usage:
    """Bytes in all and free of the main volumes that are written; unknown when one of them does not
    know, or there is none."""
    rows = [each for each in archive.volumes() if each.role == "main" and each.state == "online"]
    totals, frees = [each.total for each in rows], [each.free for each in rows]
    if not rows or None in totals or None in frees:
        return Usage(None, None)
    return Usage(sum(each or 0 for each in totals), sum(each or 0 for each in frees))
