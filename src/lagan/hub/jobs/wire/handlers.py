"""The requests of workers, each answered in one breath; two of them wait until there is something
to say, holding nothing meanwhile."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

from lagan.hub.base.raw import Exchange, Handler, in_thread
from lagan.hub.jobs import acting, bell, presence, questions
from lagan.hub.jobs.wire import rows
from lagan.hub.jobs.wire.reading import opened, plain, plain_json, served
from lagan.kit.errors import BadInput, Conflict, Forbidden, LaganError, NotFound, Unavailable
from lagan.worker import wire
from lagan.worker.ledger import Claimed
from lagan.worker.wire import Fields

T = TypeVar("T")

LONGEST_WAIT = 30.0
"""Seconds that a request may wait."""
LOOK = 5.0
"""Seconds between two looks at the rows when the bell was not heard."""
BREATH = 0.05
"""Seconds between two looks of one request for work: much may be committed that is not for it."""
_REFUSALS: dict[str, type[LaganError]] = {
    each.code: each for each in (BadInput, Forbidden, NotFound, Conflict, Unavailable)
}


async def claim(exchange: Exchange) -> None:
    """Up to `count` tasks for `worker`; with `count` 0 only whether there is one. Waits up to
    `wait` seconds for the first."""
    mine, given = await opened(exchange)
    sites = served(mine, given.texts("sites"))
    count, wait = given.number("count", wire.MOST_TASKS, 1), given.seconds("wait", LONGEST_WAIT, 0)
    worker, ledger = plain(given.text("worker", default="")), rows.ledger_for(given)

    def look() -> list[Claimed] | bool:
        return ledger.claim(sites, worker, count) if count else rows.is_due(sites)

    async def sooner() -> float:
        due = await in_thread(rows.next_due, sites)
        return LOOK if due is None else min(LOOK, max(BREATH, due))

    gone = asyncio.ensure_future(exchange.gone())
    try:
        found = await _patiently(look, sooner, wait, gone, BREATH)
        tasks = found if isinstance(found, list) else []
        if gone.done():
            await in_thread(rows.give_back, tasks)
            return
        told = [wire.claimed_out(each) for each in tasks]
        await exchange.reply_json(200, {"tasks": told, "due": bool(found)})
    finally:
        gone.cancel()


async def ask(exchange: Exchange) -> None:
    """Questions for the sites; waits up to `wait` seconds for the first."""
    mine, given = await opened(exchange)
    sites, wait = served(mine, given.texts("sites")), given.seconds("wait", LONGEST_WAIT, 0)

    async def sooner() -> float:
        return LOOK

    gone = asyncio.ensure_future(exchange.gone())
    try:
        taken = await _patiently(lambda: questions.take_now(sites), sooner, wait, gone, 0.0)
        if not gone.done():
            told = [wire.asked_out(each) for each in taken]
            await exchange.reply_json(200, {"questions": told})
    finally:
        gone.cancel()


async def answer(exchange: Exchange) -> None:
    """The answer of a question, or its refusal."""
    mine, given = await opened(exchange)
    id, told = given.number("id", wire.MOST_BYTES), None
    error = Fields({"error": given.mapping("error")}) if given.has("error") else None
    if error is None:
        told = given.mapping("answer")
    refusal = _refusal(error.mapping("error")) if error else None
    await in_thread(questions.settle, id, told, refusal, sorted(mine))
    await exchange.reply_json(200, {})


async def hint(exchange: Exchange) -> None:
    """The task that a message of the broker named, if the message is still true."""
    mine, given = await opened(exchange)
    claimed = await in_thread(rows.hint, mine, given)
    await exchange.reply_json(200, {"task": wire.claimed_out(claimed) if claimed else None})


async def beat(exchange: Exchange) -> None:
    """The lease renewed; whether the task is to be cancelled."""
    mine, given = await opened(exchange)
    await exchange.reply_json(200, {"cancel": await in_thread(rows.beat, mine, given)})


async def token(exchange: Exchange) -> None:
    """An access token of whoever started the task's job."""
    mine, given = await opened(exchange)
    text = await in_thread(lambda: acting.token_for(rows.held(mine, given)))
    await exchange.reply_json(200, {"token": text}, [("Cache-Control", "no-store")])


async def present(exchange: Exchange) -> None:
    """What a worker tells of itself."""
    mine, given = await opened(exchange)
    sites = served(mine, given.texts("sites"))
    facts = wire.facts_in(Fields(plain_json(given.whole())), sites)
    await in_thread(presence.note, facts)
    await exchange.reply_json(200, {})


def telling(act: Callable[[set[str], Fields], None]) -> Handler:
    """The handler of a word about a task that asks for nothing."""

    async def handle(exchange: Exchange) -> None:
        mine, given = await opened(exchange)
        await in_thread(act, mine, given)
        await exchange.reply_json(200, {})

    return handle


async def _patiently(
    look: Callable[[], T],
    sooner: Callable[[], Awaitable[float]],
    wait: float,
    gone: asyncio.Future[None],
    breath: float,
) -> T:
    """What `look` finds, as soon as it is something; what it found last when `wait` seconds have
    passed or the other side is `gone`. `sooner` says after how many seconds to look without being
    rung for."""
    deadline = time.monotonic() + wait
    while True:
        heard = bell.heard() if wait else 0
        found = await in_thread(look)
        left = deadline - time.monotonic()
        if found or left <= 0 or gone.done():
            return found
        ringing = asyncio.ensure_future(bell.rung(min(left, await sooner()), heard))
        either: set[asyncio.Future[Any]] = {ringing, gone}
        try:
            await asyncio.wait(either, return_when=asyncio.FIRST_COMPLETED)
        finally:
            ringing.cancel()
        await asyncio.sleep(min(breath, max(0.0, deadline - time.monotonic())))


def _refusal(told: dict[str, Any]) -> LaganError:
    given = Fields(told)
    kind = _REFUSALS.get(given.text("code"), Unavailable)
    return kind(plain(given.text("sentence", wire.LONGEST_REASON)))
