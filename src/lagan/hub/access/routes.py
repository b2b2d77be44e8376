"""Which raw request for data goes to which handler."""

from __future__ import annotations

import re
from functools import partial

from lagan.hub.access import handlers, previewing, shared
from lagan.hub.base.raw import Handler

_CONTENT = re.compile(r"/api/datasets/(\d{1,18})/content/(.+)", re.DOTALL)
_PREVIEW = re.compile(r"/api/datasets/(\d{1,18})/preview/(.+)", re.DOTALL)
_ZIP = re.compile(r"/api/datasets/(\d{1,18})/zip/?")
_SHARED_CONTENT = re.compile(r"/s/([^/]{1,200})/content/(.+)", re.DOTALL)
_SHARED_ZIP = re.compile(r"/s/([^/]{1,200})/zip/?")


def route(method: str, path: str) -> Handler | None:
    """The handler of a request that asks for bytes; None when it is not ours."""
    if method not in ("GET", "HEAD"):
        return None
    if found := _CONTENT.fullmatch(path):
        return partial(handlers.content, dataset=int(found[1]), path=found[2])
    if found := _PREVIEW.fullmatch(path):
        return partial(previewing.preview, dataset=int(found[1]), path=found[2])
    if found := _SHARED_CONTENT.fullmatch(path):
        return partial(shared.content, token=found[1], path=found[2])
    if found := _SHARED_ZIP.fullmatch(path):
        return partial(shared.zipped, token=found[1])
    if found := _ZIP.fullmatch(path):
        return partial(handlers.zipped, dataset=int(found[1]))
    return None
