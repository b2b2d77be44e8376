"""Server-sent events: a page hears that something it shows has changed, and asks for its parts
again. No thread and no connection of the database is held while nothing happens."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable
from functools import partial
from typing import Any

from lagan.hub.accounts.exchanges import asker
from lagan.hub.base.actors import Actor
from lagan.hub.base.raw import Exchange, Handler, in_thread
from lagan.hub.jobs import bell, marks
from lagan.hub.jobs.marks import Mark
from lagan.hub.packages import queries as packages
from lagan.kit.errors import Unavailable

LIFE = 300.0
"""Seconds after which a stream ends and the browser asks again, with the session it has then."""

LOOK = 2.0
"""Seconds between two looks where nothing rang: workers' progress is told by rows alone."""

SETTLE = 0.4
"""Seconds between two events at least, so that a busy job does not keep its watchers loading."""

MOST = 400
"""Streams of this process; who comes later has a button to load the page again."""

HEADERS = (
    ("Content-Type", "text/event-stream; charset=utf-8"),
    ("Cache-Control", "private, no-store"),
    ("X-Accel-Buffering", "no"),  # nginx would keep events until its buffer is full
)
_JOB = re.compile(r"/live/jobs/(\d{1,18})/")
_PACKAGE = re.compile(r"/live/packages/(\d{1,18})/")
_streams: set[int] = set()


def route(method: str, path: str) -> Handler | None:
    """The handler of a stream's address; None when it is none."""
    if method != "GET":
        return None
    if path == "/live/jobs/":
        return partial(stream, mark=marks.of_jobs)
    if path == "/live/sites/":
        return partial(stream, mark=marks.of_sites)
    if found := _JOB.fullmatch(path):
        return partial(stream, mark=partial(marks.of_job, id=int(found[1])))
    if found := _PACKAGE.fullmatch(path):
        return partial(stream, mark=partial(packages.mark, id=int(found[1])))
    return None


async def stream(exchange: Exchange, mark: Callable[[Actor], Mark]) -> None:
    """Say `changed` whenever `mark` differs from what it was, until the browser goes or LIFE is
    over. NotSignedIn, NotFound before anything is sent; Unavailable when there are too many."""
    actor = await in_thread(asker, exchange)
    before = await in_thread(mark, actor)
    if len(_streams) >= MOST:
        raise Unavailable("Too many pages are watched just now.")
    _streams.add(id(exchange))
    gone = asyncio.ensure_future(exchange.gone())
    try:
        await exchange.start(200, HEADERS)
        await exchange.write(b"retry: 2000\n\n" + _event("here", before))
        end = asyncio.get_running_loop().time() + LIFE
        while asyncio.get_running_loop().time() < end and not gone.done():
            await _first_of(gone, LOOK)
            if gone.done():
                return
            now = await in_thread(mark, actor)
            if now != before:
                before = now
                await exchange.write(_event("changed", now))
                await asyncio.wait({gone}, timeout=SETTLE)
        await exchange.end()
    finally:
        gone.cancel()
        _streams.discard(id(exchange))


def _event(name: str, mark: Mark) -> bytes:
    return f"event: {name}\ndata: {marks.digest(mark)}\n\n".encode()


async def _first_of(gone: asyncio.Future[None], timeout: float) -> None:
    """Wait until the other side went, the bell rang or the time is over."""
    rung = asyncio.ensure_future(bell.rung(timeout))
    try:
        waited: set[asyncio.Future[Any]] = {gone, rung}
        await asyncio.wait(waited, return_when=asyncio.FIRST_COMPLETED)
    finally:
        rung.cancel()
