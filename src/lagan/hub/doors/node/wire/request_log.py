"""One line in the log for every request, and its figures for the metrics: who asked for what, and
what came of it. Never its parameters, which may hold a password."""

from __future__ import annotations

import logging
import time
from dataclasses import replace

from lagan.hub.doors.node.wire.reply import Call
from lagan.hub.doors.node.wire.server import Answer, size_of

_log = logging.getLogger(__name__)


def noted(call: Call, answer: Answer) -> Answer:
    """The same answer; once it was sent, a line says so: the request's id, asker, user, method,
    command, status, bytes that came and went, seconds."""
    after = answer.after

    def note() -> None:
        try:
            if after is not None:
                after()
        finally:
            seconds = time.time() - call.began.timestamp()
            call.node.count(call, answer.status, seconds=seconds, sent=size_of(answer))
            _log.info(
                "%s %s %s %s %s %d in=%d out=%d seconds=%.3f",
                call.id, call.asker[0], _word(call.user), _word(call.request.method),
                _word(call.request.command), answer.status, call.body.read, size_of(answer),
                seconds,
            )  # fmt: skip

    return replace(answer, after=note)


def _word(text: str) -> str:
    """One word of a line: what a client sends has no line feeds in it there."""
    return "".join(each for each in text[:80] if each.isprintable() and each != " ") or "-"
