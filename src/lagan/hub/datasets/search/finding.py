"""One page of what a search finds, with a bound on how much is looked at for it."""

from __future__ import annotations

import base64
import binascii
import json
from dataclasses import dataclass
from typing import Any

from lagan.hub.base.actors import Actor
from lagan.hub.datasets.search.asking import Order, Query
from lagan.hub.datasets.search.drivers import Driver, Few, driver
from lagan.hub.datasets.search.errors import BadSearch
from lagan.hub.datasets.search.sifting import Sieve, scope_of
from lagan.hub.datasets.search.statements import ORDERS, Position, steadily

MOST_CANDIDATES = 20_000
"""Datasets that are looked at for one page. A page that ends for this says how far it came."""
LARGEST_BATCH = 4_000
_PATIENCE = 2_000
"""Candidates up to which it is still found out whether anything follows a full page."""


@dataclass(frozen=True, slots=True)
class Found:
    """The ids of a page in order; the cursor of what follows, if anything may. `stopped` is the
    last dataset that was looked at when the search stopped for its bound, else None."""

    ids: list[int]
    next: str | None
    stopped: int | None = None
    looked_at: int = 0


def find(
    actor: Actor, query: Query, *, after: str | None = None, most: int = MOST_CANDIDATES
) -> Found:
    """The page of `query.size` datasets after the cursor that `actor` may read. BadSearch for a
    cursor of another search."""
    beyond = _decoded(query.order, after) if after else None
    scope = scope_of(actor, query)
    if scope.is_empty:
        return Found([], None)
    with steadily():
        sieve = Sieve(query, scope)
        start = driver(sieve, beyond)
        if isinstance(start, Few):
            return _among(sieve, start, beyond)
        return _along(sieve, start, beyond, most)


def _among(sieve: Sieve, few: Few, beyond: Position | None) -> Found:
    """The page out of few candidates; those that come by id are asked as far as it takes."""
    query = sieve.query
    key, id, down = ORDERS[query.order]
    ids = sorted(few.ids, reverse=down)
    positions: list[Position] = []
    looked_at = 0
    step = max(2 * query.size, 500) if key == id else LARGEST_BATCH
    for start in range(0, len(ids), step):
        fitting = sieve.fitting(ids[start : start + step])
        looked_at += len(ids[start : start + step])
        positions += [each for each in fitting.values() if _is_beyond(each, beyond, down)]
        if key == id and len(positions) > query.size:
            break
    positions.sort(reverse=down)
    return _page(query, positions, looked_at=looked_at)


def _is_beyond(position: Position, beyond: Position | None, down: bool) -> bool:
    return beyond is None or (position < beyond if down else position > beyond)


def _along(sieve: Sieve, start: Driver, beyond: Position | None, most: int) -> Found:
    """The page out of a stream of candidates, in growing batches."""
    size, batch, looked_at = sieve.query.size, 2 * sieve.query.size + 20, 0
    positions: list[Position] = []
    while True:
        candidates, more = start.read(beyond, min(batch, LARGEST_BATCH, most - looked_at))
        fitting = sieve.fitting([id for _, id in candidates])
        positions += [fitting[id] for _, id in candidates if id in fitting]
        looked_at += len(candidates)
        if len(positions) > size or not more:
            return _page(sieve.query, positions, looked_at=looked_at)
        beyond = candidates[-1]
        if len(positions) == size and looked_at >= _PATIENCE:
            return _page(sieve.query, positions, beyond, looked_at=looked_at)
        if looked_at >= most:
            return _page(sieve.query, positions, beyond, beyond[1], looked_at)
        batch *= 3


def _page(
    query: Query,
    positions: list[Position],
    resume: Position | None = None,
    stopped: int | None = None,
    looked_at: int = 0,
) -> Found:
    here = positions[: query.size]
    if len(positions) > query.size:
        resume = here[-1]
    following = _encoded(query.order, resume) if resume else None
    return Found([id for _, id in here], following, stopped, looked_at)


def _encoded(order: Order, position: Position) -> str:
    text = json.dumps([order, *position], separators=(",", ":"))
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def _decoded(order: Order, cursor: str) -> Position:
    refusal = BadSearch("This cursor was not made by this search.", field="after")
    try:
        given = json.loads(
            base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True)
        )
    except (binascii.Error, ValueError, RecursionError):
        raise refusal from None
    if not isinstance(given, list) or len(given) != 3 or given[0] != order:
        raise refusal
    if not _is_id(given[2]) or not (_is_id(given[1]) or _is_name(order, given[1])):
        raise refusal
    return given[1], given[2]


def _is_id(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and abs(value) < 2**63


def _is_name(order: Order, value: Any) -> bool:
    return (
        order is Order.NAME
        and isinstance(value, str)
        and "\x00" not in value
        and not any("\ud800" <= each <= "\udfff" for each in value)
    )
