"""Times as the archive server writes them: ISO 8601 with milliseconds and no zone.

`Date` and request times are UTC, those of files, disks and subscriptions the node's local time.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime

from lagan.hub.doors.node.wire.requests import InvalidParameter

_FORM = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}", re.ASCII)


def show_utc(moment: datetime) -> str:
    """For `Date` and request times."""
    return _shown(moment.astimezone(UTC))


def show_local(moment: datetime | None) -> str:
    """For what comes from the catalogue; nothing is an empty text."""
    return "" if moment is None else _shown(moment.astimezone())


def read_local(text: str, name: str) -> datetime:
    """A moment a client gave, in the node's local time; milliseconds are part of the form.
    InvalidParameter names the parameter."""
    try:
        if not _FORM.fullmatch(text):
            raise ValueError
        return datetime.fromisoformat(text).astimezone()
    except (ValueError, OverflowError):
        raise InvalidParameter(
            f"{name} is no time such as 2026-11-21T19:51:53.795: {text[:40]}", parameter=name
        ) from None


def _shown(moment: datetime) -> str:
    return moment.replace(tzinfo=None).isoformat(timespec="milliseconds")
