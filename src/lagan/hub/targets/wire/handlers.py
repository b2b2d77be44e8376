"""The requests about what a site keeps, streamed."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Awaitable, Callable, Iterator
from typing import TypeVar

from lagan.hub.base.raw import Exchange, in_thread
from lagan.hub.targets import notes, reading, receiving
from lagan.hub.targets.models import Participant
from lagan.hub.targets.publication import Publication
from lagan.hub.targets.wire.asking import asked, asker
from lagan.hub.targets.wire.words import answers
from lagan.kit.digests import Buffer
from lagan.kit.errors import BadInput
from lagan.store.layout import OWN
from lagan.worker.archive_wire import MOST_PROVED
from lagan.worker.wire import MOST_BYTES

_MOMENT = 0.5  # seconds in which proofs are gathered
SIGN = 5.0
"""Seconds between two signs of life while objects are read to be proved."""
T = TypeVar("T")


async def words(exchange: Exchange) -> None:
    """POST: many small words, an answer for each."""
    site, given = await asked(exchange)
    told = await in_thread(answers, site, given.list("words"))
    await exchange.reply_json(200, {"answers": told})


async def publish(exchange: Exchange) -> None:
    """POST: objects get their names, all of them or none."""
    publication = Publication(await asker(exchange))
    try:
        await _pump(exchange, publication.take)
    except BaseException:
        await in_thread(publication.discard)
        raise
    await in_thread(publication.land)  # whoever leaves now, it is done
    await exchange.reply_json(200, {})


async def receive(exchange: Exchange) -> None:
    """PUT: the next stretch of a large object."""
    site = await asker(exchange)
    key, writer = exchange.query("key") or "", exchange.query("writer") or ""
    offset = _number(exchange, "offset", 0)
    row = await in_thread(receiving.mine, site, key, writer)
    receiver = await in_thread(receiving.Receiving, row, offset)
    try:
        await _pump(exchange, receiver.write)
    finally:
        size = await in_thread(receiver.release)
    await exchange.reply_json(200, {"size": size})


async def content(exchange: Exchange) -> None:
    """GET: bytes of an object or a note."""
    site = await asker(exchange)
    name, offset = exchange.query("name") or "", _number(exchange, "offset", 0)
    length = None if exchange.query("length") is None else _number(exchange, "length", 0)
    pieces = await in_thread(_content, site, name, offset, length)
    first = await in_thread(next, pieces, None)
    await exchange.start(200, [("Content-Type", "application/octet-stream")])
    while first is not None:
        await exchange.write(bytes(first))
        first = await in_thread(next, pieces, None)
    await exchange.end()


async def listing(exchange: Exchange) -> None:
    """GET: a page of names, behind `after`."""
    site = await asker(exchange)
    prefix, after = exchange.query("prefix") or "", exchange.query("after") or ""
    await exchange.reply_json(200, {"objects": await in_thread(_page, site, prefix, after)})


async def prove(exchange: Exchange) -> None:
    """POST: the SHA-256 of objects as they are on the medium now, a JSON line each; an empty line
    while there is nothing to tell yet."""
    site, given = await asked(exchange)
    names = given.texts("names")
    if len(names) > MOST_PROVED:
        raise BadInput(f"At most {MOST_PROVED} names in one request.", field="names")
    proofs = reading.prove(site, names)
    await exchange.start(200, [("Content-Type", "application/x-ndjson")])
    while some := await _patiently(exchange, in_thread(_some, proofs)):
        await exchange.write(b"".join(json.dumps(each).encode() + b"\n" for each in some))
    await exchange.end()


def _some(proofs: Iterator[tuple[str, str | None]]) -> list[tuple[str, str | None]]:
    """The next ones, as many as a moment brings; none at the end."""
    found, until = [], time.monotonic() + _MOMENT
    for proof in proofs:
        found.append(proof)
        if time.monotonic() > until:
            break
    return found


async def _patiently(exchange: Exchange, act: Awaitable[T]) -> T:
    doing = asyncio.ensure_future(act)
    while True:
        done, _ = await asyncio.wait([doing], timeout=SIGN)
        if done:
            return doing.result()
        await exchange.write(b"\n")


def _content(site: Participant, name: str, offset: int, length: int | None) -> Iterator[Buffer]:
    if not name.startswith(OWN):
        return reading.read(site, name, offset, length)
    data = bytes(notes.read(site, name).data)
    piece = data[offset:] if length is None else data[offset : offset + length]
    return iter([piece] if piece else [])


def _page(site: Participant, prefix: str, after: str) -> list[list[str | int | float]]:
    if prefix.startswith(OWN):
        return [list(each) for each in notes.listed(site, prefix, after, reading.PAGE)]
    found = reading.listed(site, prefix, after)
    return [[each.name, each.size, each.modified] for each in found]


def _number(exchange: Exchange, name: str, default: int) -> int:
    text = exchange.query(name)
    if text is None:
        return default
    if not (text.isascii() and text.isdigit() and int(text[:20]) <= MOST_BYTES):
        raise BadInput(f"{name} is a whole number, not {text[:20]!r}.", field=name)
    return int(text)


async def _pump(exchange: Exchange, take: Callable[[list[bytes]], None]) -> None:
    """Hand the body to `take` in a thread, one block in flight while the next arrives."""
    running: Awaitable[None] | None = None
    try:
        async for pieces in exchange.pieces():
            if running is not None:
                await running
            running = asyncio.ensure_future(in_thread(take, pieces))
    finally:
        if running is not None:
            await running
