"""Files that were announced: looked at again, and sent in chunks."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from functools import wraps
from typing import Any

from lagan.hub.base.problems import refusal
from lagan.hub.base.raw import Disconnected, Exchange, in_thread
from lagan.hub.doors.instruments.asking import drain, sender, translated
from lagan.hub.ingest.handlers import pump
from lagan.hub.instruments import services
from lagan.hub.instruments.services import CHECKSUM, LARGEST_CHUNK, Chunk
from lagan.kit.errors import BadInput

Told = dict[str, Any]


@translated
async def verify(exchange: Exchange, id: int) -> None:
    """GET: the file is all there, says who asks."""
    by = await in_thread(sender, exchange)
    await in_thread(services.verify, by=by, file=id)
    await exchange.reply(200, kind="text/html; charset=utf-8")


def told(handle: Callable[[Exchange, int], Awaitable[Told]]) -> Callable[..., Awaitable[None]]:
    """A handler whose refusals are answers like others: status 200, and what went wrong."""

    @wraps(handle)
    async def answer(exchange: Exchange, id: int) -> None:
        try:
            found: Told = {"success": True, **await handle(exchange, id)}
        except Disconnected:
            raise
        except Exception as error:
            known = refusal(error)
            if known is None:
                raise
            await drain(exchange, LARGEST_CHUNK)
            found = {"success": False, "error": known.sentence}
        await exchange.reply_json(200, found)

    return answer


@told
async def standing(exchange: Exchange, id: int) -> Told:
    """GET: how far the file is, and what chunks are wanted."""
    by = await in_thread(sender, exchange)
    found = await in_thread(services.standing, by=by, file=id)
    if found.completed:
        return {"completed": True}
    return {
        "completed": False, "offset": found.offset, "size": found.size, "checksum": CHECKSUM,
    }  # fmt: skip


@told
async def chunk(exchange: Exchange, id: int) -> Told:
    """POST: the next chunk."""
    by = await in_thread(sender, exchange)
    place, checksum = exchange.header("content-range"), exchange.header("checksum")
    if place is None or checksum is None:
        raise BadInput("A chunk has the headers Content-Range and Checksum.")
    taking = await in_thread(lambda: Chunk(by=by, file=id, place=place, checksum=checksum))
    try:
        await pump(exchange, taking.write)
        await in_thread(taking.keep)
    finally:
        await in_thread(taking.release)
    return {"id": id}


@told
async def complete(exchange: Exchange, id: int) -> Told:
    """GET: that was the last chunk."""
    by = await in_thread(sender, exchange)
    return {"verified": await in_thread(services.complete, by=by, file=id)}
