"""Previews over HTTP: their blocks as JSON, their pictures as pictures; nothing of a user's file is
sent as it is."""

from __future__ import annotations

import asyncio
from functools import partial

from lagan.hub.access import queries
from lagan.hub.access.handlers import whole_number
from lagan.hub.access.queries import THUMB, WHOLE, Drawn, Preview
from lagan.hub.accounts.exchanges import asker
from lagan.hub.base.raw import Exchange, in_thread
from lagan.kit.errors import BadInput, NotFound

SAFE = [
    ("X-Content-Type-Options", "nosniff"),
    ("Content-Security-Policy", "default-src 'none'; sandbox"),
    ("Cache-Control", "private, no-cache"),
]
"""A picture is our own WebP and runs nothing; should a browser think otherwise, it may do
nothing. It asks again each time whether it still may show what it has."""
_NOTHING = (
    b"GIF89a\x01\x00\x01\x00\x80\x00\x00\x00\x00\x00\xff\xff\xff!\xf9\x04\x01\x00\x00\x00\x00,"
    b"\x00\x00\x00\x00\x01\x00\x01\x00\x00\x02\x02D\x01\x00;"
)
"""One clear pixel: what stands for a small picture that cannot be drawn."""


async def preview(exchange: Exchange, dataset: int, path: str) -> None:
    """GET and HEAD of a preview: `page` (from 1), `version`, `view` (`whole` or `thumb`),
    `picture` (its number; without one, the blocks)."""
    view = exchange.query("view") or WHOLE
    if view not in (WHOLE, THUMB):
        raise BadInput(f"view is {WHOLE} or {THUMB}, not {view[:20]!r}.", field="view")
    page = whole_number(exchange, "page", least=1) or 1
    number = 0 if view == THUMB else whole_number(exchange, "picture", least=0)
    version = whole_number(exchange, "version", least=1)
    ask = partial(queries.preview, version=version, page=page - 1, view=view)
    found = await in_thread(lambda: ask(asker(exchange), dataset, path))
    headers = [*SAFE, ("ETag", f'"{found.key[:32]}"')]
    if f'"{found.key[:32]}"' in (exchange.header("if-none-match") or ""):
        await exchange.reply(304, headers)
        return
    drawn = await asyncio.wrap_future(found.future)
    if number is None:
        await exchange.reply_json(200, _told(found, drawn), headers)
    else:
        kind, data = _picture(drawn, number, view)
        await exchange.reply(200, headers, data, kind)


def _told(found: Preview, drawn: Drawn) -> dict[str, object]:
    return {
        "kind": drawn.kind,
        "page": drawn.page + 1,
        "pages": drawn.pages,
        "more": drawn.more,
        "pages_are": drawn.pages_are,
        "blocks": drawn.blocks,
    }


def _picture(drawn: Drawn, number: int, view: str) -> tuple[str, bytes]:
    if number < len(drawn.pictures):
        return "image/webp", drawn.pictures[number]
    if view == THUMB:
        return "image/gif", _NOTHING
    raise NotFound("The preview has no such picture.", picture=number)
