"""`python -m tests.worker.site_worker ...`: `lagan worker ...` where Django cannot be imported and
nothing of the hub's is there, with a step that leaves a trace of every item it touched."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping, Sequence
from threading import Event
from typing import Any

for absent in ("django", "ninja", "psycopg", "lagan.hub"):
    sys.modules[absent] = None  # type: ignore[assignment]

from lagan.cli import main  # noqa: E402
from lagan.worker.steps import Context, register_step  # noqa: E402


def touch(context: Context, args: Mapping[str, Any], items: Sequence[str]) -> Mapping[str, Any]:
    """Appends `<task> <attempt> <item>` to args["trace"] for every item, args["pace"] seconds
    each; items whose names end with 7 fail."""
    trace = os.open(args["trace"], os.O_WRONLY | os.O_APPEND | os.O_CREAT)
    work = Event()
    try:
        for done, item in enumerate(items, 1):
            work.wait(args.get("pace", 0))
            line = f"{context.task.id} {context.task.attempt} {item}\n"
            os.write(trace, line.encode("utf-8", "surrogateescape"))
            if item.endswith("7"):
                context.fail_item(item, "failed", "it ends with a 7")
            context.progress(done, bytes=10 * done)
    finally:
        os.close(trace)
    return {"touched": len(items)}


register_step("test.touch", touch)

if __name__ == "__main__":
    main()
