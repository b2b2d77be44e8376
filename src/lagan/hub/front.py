"""The data path in front, Django in threads behind it. Needs Django to be set up."""

from __future__ import annotations

import sys
from collections.abc import MutableMapping
from typing import Any

from a2wsgi import WSGIMiddleware

from lagan.hub.access.routes import route as access_route
from lagan.hub.base.raw import Exchange, Receive, Scope, Send, answer
from lagan.hub.doors.instruments.routes import route as instrument_route
from lagan.hub.doors.packages_api.routes import route as package_route
from lagan.hub.ingest.routes import route as ingest_route
from lagan.hub.jobs.api.files import route as file_route
from lagan.hub.jobs.wire.routes import route as work_route
from lagan.hub.targets.wire.routes import route as target_route
from lagan.hub.web.browse_front import route as browse_route
from lagan.hub.web.depositing import route as deposit_route
from lagan.hub.web.live import route as live_route
from lagan.hub.wsgi import application as django

# A computing page gives the interpreter back this often (seconds); with Python's 5 ms it would
# take most of an upload's rate, with this it takes less than half (measured).
sys.setswitchinterval(0.0002)

_ROUTES = (
    *(ingest_route, access_route, work_route, target_route, file_route, live_route, browse_route),
    *(package_route, deposit_route, instrument_route),
)
_RAW = (
    *("/api/uploads", "/api/datasets/", "/s/", "/api/work/", "/api/file/", "/live/", "/browse/"),
    *("/upload", "/api/v1/", "/api/auth/", "/packages/"),
)
"""Beneath these some addresses are answered without Django."""

_pages = WSGIMiddleware(django, workers=8)  # type: ignore[arg-type]


async def application(scope: Scope, receive: Receive, send: Send) -> None:
    """Answer one connection event: data here, everything else by Django."""
    if scope["type"] == "lifespan":
        await _lifespan(receive, send)
        return
    if scope["type"] != "http":
        return
    path = scope["path"]
    if path.startswith(_RAW):
        exchange = Exchange(scope, receive, send)
        routes = (route(exchange.method, exchange.path) for route in _ROUTES)
        handle = next((found for found in routes if found is not None), None)
        if handle is not None:
            await answer(exchange, handle)
            return

    async def taken() -> MutableMapping[str, Any]:
        # granian's own is no coroutine function, which the bridge to WSGI wants.
        return await receive()

    await _pages(scope, taken, send)  # type: ignore[arg-type]


async def _lifespan(receive: Receive, send: Send) -> None:
    while True:
        message = await receive()
        await send({"type": f"{message['type']}.complete"})
        if message["type"] == "lifespan.shutdown":
            return
