"""Which request of a worker goes to which handler."""

from __future__ import annotations

from collections.abc import Mapping

from lagan.hub.base.raw import Handler
from lagan.hub.jobs.wire import handlers, rows
from lagan.worker.wire import ROOT

_VERBS: Mapping[str, Handler] = {
    "claim": handlers.claim,
    "hint": handlers.hint,
    "beat": handlers.beat,
    "finish": handlers.telling(rows.finish),
    "fail": handlers.telling(rows.fail),
    "release": handlers.telling(rows.release),
    "found": handlers.telling(rows.found),
    "token": handlers.token,
    "present": handlers.present,
    "ask": handlers.ask,
    "answer": handlers.answer,
}


def route(method: str, path: str) -> Handler | None:
    """The handler of a worker's request; None when it is none."""
    if method != "POST" or not path.startswith(ROOT):
        return None
    return _VERBS.get(path.removeprefix(ROOT).removesuffix("/"))
