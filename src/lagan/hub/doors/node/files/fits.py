"""What archiving asks of a FITS file: that it is whole blocks, and what its header calls it.

Source: reference/ngas-http.md section 12, ngamsFitsPlugIn. ARCFILE is the name under which an
observatory's archive knows a file, `<instrument>.<UTC time>.fits`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import date, datetime, timedelta

from lagan.kit.digests import Buffer

BLOCK = 2880
"""Bytes; a FITS file is a whole number of them."""
CARD = 80
MOST_BLOCKS = 2000
"""Blocks of a header that are looked at."""
_ARCFILE = re.compile(r"ARCFILE\s*=\s*'([^']*)'")
_DATED = re.compile(r"([^./\s]+)\.(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)\.(\d{1,6})", re.ASCII)


def arcfile(pieces: Iterable[Buffer]) -> str:
    """The value of ARCFILE in the primary header; empty without one. `pieces` begin where the file
    does; no more are taken than the header has."""
    rest = b""
    taken = 0
    for piece in pieces:
        rest += bytes(piece)
        whole = len(rest) // CARD * CARD
        for at in range(0, whole, CARD):
            card = rest[at : at + CARD].decode("ascii", "replace")
            if (found := _ARCFILE.match(card)) is not None:
                return found[1].strip()
            if card.rstrip() == "END":
                return ""
        taken += whole
        rest = rest[whole:]
        if taken > MOST_BLOCKS * BLOCK:
            return ""
    return ""


def identity(arcfile: str) -> tuple[str, date] | None:
    """The file id that an ARCFILE stands for (its first three parts between dots) and the night;
    None for one that is not of that form."""
    found = _DATED.match(arcfile)
    if found is None:
        return None
    try:
        return found[0], night(datetime.fromisoformat(found[2]))
    except ValueError:
        return None


def night(moment: datetime) -> date:
    """The night to which a moment (UTC) belongs: from noon to noon, by the date of its evening."""
    return (moment - timedelta(hours=12)).date()
