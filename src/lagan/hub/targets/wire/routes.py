"""Which request about what a site keeps goes to which handler."""

from __future__ import annotations

from collections.abc import Mapping

from lagan.hub.base.raw import Handler
from lagan.hub.targets.wire import handlers
from lagan.worker.archive_wire import ROOT

_ROUTES: Mapping[tuple[str, str], Handler] = {
    ("POST", "words"): handlers.words,
    ("POST", "publish"): handlers.publish,
    ("PUT", "bytes"): handlers.receive,
    ("GET", "content"): handlers.content,
    ("GET", "list"): handlers.listing,
    ("POST", "prove"): handlers.prove,
}


def route(method: str, path: str) -> Handler | None:
    """The handler of a site's request about its objects; None when it is none."""
    if not path.startswith(ROOT):
        return None
    return _ROUTES.get((method, path.removeprefix(ROOT).removesuffix("/")))
