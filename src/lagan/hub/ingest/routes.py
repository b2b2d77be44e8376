"""Which raw request of ingest goes to which handler."""

from __future__ import annotations

import re
from functools import partial

from lagan.hub.base.raw import Handler
from lagan.hub.ingest import handlers

_UPLOAD = re.compile(r"/api/uploads/([0-9a-fA-F-]{32,36})/?")
_CONTENT = re.compile(r"/api/datasets/(\d{1,18})/content/(.+)", re.DOTALL)
_ALL = {"POST": handlers.create, "OPTIONS": handlers.options}
_ONE = {"HEAD": handlers.head, "PATCH": handlers.patch, "DELETE": handlers.delete}


def route(method: str, path: str) -> Handler | None:
    """The handler of a request that carries or asks about uploaded bytes; None when it is not
    ours."""
    if path in ("/api/uploads/", "/api/uploads"):
        return _ALL.get(method)
    if path in ("/api/uploads/batch/", "/api/uploads/batch"):
        return handlers.batch if method == "POST" else None
    if found := _UPLOAD.fullmatch(path):
        if method == "OPTIONS":
            return handlers.options
        act = _ONE.get(method)
        return partial(act, id=found[1]) if act else None
    if method == "PUT" and (found := _CONTENT.fullmatch(path)):
        return partial(handlers.put, dataset=int(found[1]), path=found[2])
    return None
