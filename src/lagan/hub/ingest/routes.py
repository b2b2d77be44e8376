"""Which raw request of ingest goes to which handler."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable

from lagan.hub.base.raw import Exchange
from lagan.hub.ingest import handlers

Handler = Callable[[Exchange], Awaitable[None]]
_UPLOAD = re.compile(r"/api/uploads/([0-9a-fA-F-]{32,36})/?")
_CONTENT = re.compile(r"/api/datasets/(\d{1,18})/content/(.+)", re.DOTALL)


def route(method: str, path: str) -> Handler | None:
    """The handler of a request that carries or asks about uploaded bytes; None when it is not
    ours."""
    if path in ("/api/uploads/", "/api/uploads"):
        return {"POST": handlers.create, "OPTIONS": handlers.options}.get(method)
    if path in ("/api/uploads/batch/", "/api/uploads/batch"):
        return handlers.batch if method == "POST" else None
    if found := _UPLOAD.fullmatch(path):
        act = {"HEAD": handlers.head, "PATCH": handlers.patch, "DELETE": handlers.delete}.get(
            method
        )
        return (lambda exchange: act(exchange, found[1])) if act else None
    if method == "PUT" and (found := _CONTENT.fullmatch(path)):
        return lambda exchange: handlers.put(exchange, int(found[1]), found[2])
    return None
