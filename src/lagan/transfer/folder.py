"""A folder of a remote place in pages: sorted by name or by time, in the memory of one page."""

from __future__ import annotations

import base64
import heapq
import json
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Literal

from lagan.kit.errors import BadInput
from lagan.transfer.place import Item

Order = Literal["name", "newest"]


@dataclass(frozen=True, slots=True)
class FolderPage:
    """Some items in order, and the key of the page after them; None at the end."""

    items: list[Item]
    next: str | None


def page_of(
    items: Iterable[Item], *, order: Order = "name", after: str | None = None, size: int = 200
) -> FolderPage:
    """The `size` items that come after the key `after`; folders first when by name, the last
    changed first when `newest`. BadInput for a key that was not given out."""
    rank = _by_name if order == "name" else _by_time
    beyond = _decode(after) if after else None
    rest = (each for each in items if beyond is None or rank(each) > beyond)
    found = heapq.nsmallest(size + 1, rest, key=rank)
    more = len(found) > size
    return FolderPage(found[:size], _encode(rank(found[size - 1])) if more else None)


def _by_name(item: Item) -> tuple[int, str]:
    return (item.kind != "folder", item.name)


def _by_time(item: Item) -> tuple[int, str]:
    return (-item.mtime_ns, item.name)


def _encode(rank: tuple[int, str]) -> str:
    text = json.dumps([int(rank[0]), rank[1]])
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def _decode(cursor: str) -> tuple[int, str]:
    refusal = BadInput("The page's key is not one that was given out.", field="after")
    try:
        text = base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True)
        value: Any = json.loads(text)
    except (ValueError, RecursionError):
        raise refusal from None
    match value:
        case [int(number), str(name)]:
            return number, name
    raise refusal
