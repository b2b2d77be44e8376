"""A room of the tests' own: steps that leave a trace of every item they touched."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from threading import Event
from typing import Any

from django.apps import AppConfig

from lagan.worker.steps import Context, register_step


def touch(context: Context, args: Mapping[str, Any], items: Sequence[str]) -> Mapping[str, Any]:
    """Appends `<task> <attempt> <item>` to args["trace"] for every item, args["pace"] seconds
    each; items with a 7 at the end fail, those with a 3 are skipped; every seventh task breaks
    at its first attempt."""
    trace = os.open(args["trace"], os.O_WRONLY | os.O_APPEND | os.O_CREAT)
    work = Event()
    try:
        for done, item in enumerate(items, 1):
            work.wait(args["pace"])
            os.write(trace, f"{context.task.id} {context.task.attempt} {item}\n".encode())
            if item.endswith("7"):
                context.fail_item(item, "failed", "it ends with a 7")
            if item.endswith("3"):
                context.skip_item(item, "skipped", "it ends with a 3")
            context.progress(done, bytes=10 * done)
            if args["break"] and context.task.id % 7 == 0 and context.task.attempt == 1:
                raise RuntimeError("broken on purpose")
    finally:
        os.close(trace)
    return {"touched": len(items)}


class ChaosConfig(AppConfig):
    """Registers the step."""

    name = "tests.hub.jobs.chaos"
    label = "chaos"

    def ready(self) -> None:
        register_step("chaos.touch", touch)
