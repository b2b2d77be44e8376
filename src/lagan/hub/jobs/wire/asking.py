"""Asking a site something from a coroutine: nothing is held while the answer is waited for."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

from lagan.hub.base.raw import in_thread
from lagan.hub.jobs import bell, questions


async def ask(
    site: str, verb: str, args: Mapping[str, Any], patience: float = questions.PATIENCE
) -> dict[str, Any]:
    """As `questions.ask`, for the raw routes: the site's answer, its refusal raised, Unavailable
    when nobody is there or answers within `patience` seconds."""
    row = await in_thread(questions.put, site, verb, args, patience)
    deadline = time.monotonic() + patience
    try:
        while True:
            heard = bell.heard()
            if (settled := await in_thread(questions.settled, row)) is not None:
                return questions.read(settled)
            if (left := deadline - time.monotonic()) <= 0:
                raise questions.no_answer(site, patience)
            await bell.rung(min(left, questions.LOOK), heard)
    finally:
        await in_thread(questions.forget, row)
