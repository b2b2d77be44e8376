"""The hub as one ASGI application: the data path in front, Django's pages and REST in threads
behind it."""

from __future__ import annotations

import os
import sys

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "lagan.hub.settings")

# First of all: it sets Django up, and no room can be imported before that.
from lagan.hub.wsgi import application as django  # noqa: E402, I001

from a2wsgi import WSGIMiddleware  # noqa: E402

from lagan.hub.access.routes import route as access_route  # noqa: E402
from lagan.hub.base.raw import Exchange, Receive, Scope, Send, answer  # noqa: E402
from lagan.hub.ingest.routes import route as ingest_route  # noqa: E402

# A computing page gives the interpreter back this often (seconds); with Python's 5 ms it would
# take most of an upload's rate, with this it takes less than half (measured).
sys.setswitchinterval(0.0002)

_pages = WSGIMiddleware(django, workers=8)


async def application(scope: Scope, receive: Receive, send: Send) -> None:
    """Answer one connection event: data here, everything else by Django."""
    if scope["type"] == "lifespan":
        await _lifespan(receive, send)
        return
    if scope["type"] != "http":
        return
    path = scope["path"]
    if path.startswith(("/api/uploads", "/api/datasets/")):
        exchange = Exchange(scope, receive, send)
        handle = ingest_route(exchange.method, exchange.path) or access_route(
            exchange.method, exchange.path
        )
        if handle is not None:
            await answer(exchange, handle)
            return
    await _pages(scope, receive, send)  # type: ignore[arg-type]


async def _lifespan(receive: Receive, send: Send) -> None:
    while True:
        message = await receive()
        await send({"type": f"{message['type']}.complete"})
        if message["type"] == "lifespan.shutdown":
            return
