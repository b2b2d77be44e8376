"""Lists as this door answers them: filters by name, an envelope around a page."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any
from urllib.parse import urlencode

from lagan.hub.base.raw import Exchange
from lagan.kit.errors import BadInput

LIMIT = 20
"""Objects of a page, unless the asker says otherwise."""
MOST = 1000
_OURS = frozenset({"limit", "offset", "format", "order_by"})


def filters(
    exchange: Exchange, allowed: Collection[str], fields: Collection[str]
) -> dict[str, str]:
    """The filters of a request. Unknown names are passed over; BadInput for a field of the resource
    by which nobody filters."""
    given = exchange.parameters()
    for name in given:
        field = name.partition("__")[0]
        if name not in allowed and name not in _OURS and field in fields:
            raise BadInput(f"The '{field}' field does not allow filtering.")
    return {name: value for name, value in given.items() if name in allowed}


def number(given: dict[str, str], name: str) -> int | None:
    """A filter by number; None without it. BadInput."""
    text = given.get(name)
    if text is None:
        return None
    if not (text.isascii() and text.isdigit() and len(text) <= 18):
        raise BadInput("Invalid resource lookup data provided (mismatched type).")
    return int(text)


async def reply_list(
    exchange: Exchange, objects: Sequence[dict[str, Any]], *, limit: int = LIMIT
) -> None:
    """A page of all that was found."""
    given = exchange.parameters()
    start = _counted(given, "offset", 0)
    size = _counted(given, "limit", limit) or MOST
    size, total = min(size, MOST), len(objects)
    meta = {
        "limit": size,
        "next": _page(exchange, given, start + size, size) if start + size < total else None,
        "offset": start,
        "previous": _page(exchange, given, max(0, start - size), size) if start else None,
        "total_count": total,
    }
    page = objects[start : start + size]
    await exchange.reply_json(200, {"meta": meta, "objects": page})


def _counted(given: dict[str, str], name: str, default: int) -> int:
    text = given.get(name)
    if text is None:
        return default
    if not (text.isascii() and text.isdigit() and len(text) <= 9):
        raise BadInput(f"Invalid {name} '{text[:50]}' provided. Please provide a positive integer.")
    return int(text)


def _page(exchange: Exchange, given: dict[str, str], offset: int, limit: int) -> str:
    words = {**given, "limit": str(limit), "offset": str(offset)}
    return f"{exchange.path}?{urlencode(words)}"
