"""What waits for a server that is away: looked up here, remembered, and shown as such."""

from __future__ import annotations

import time
from collections.abc import Iterator

from lagan.agent import filters
from lagan.agent.conditions import of_error
from lagan.agent.plan import Task
from lagan.agent.scan import Scan, scan
from lagan.agent.settings import Settings
from lagan.agent.state import State
from lagan.agent.watch import Watch
from lagan.kit.errors import LaganError

FIRST, LONGEST = 30.0, 900.0
"""Seconds until a server that was away is tried again: doubling from the first to the longest."""


def remember(settings: Settings, state: State, watch: Watch, error: LaganError) -> None:
    """Find what would go if the server were there, and keep it as waiting."""
    seen = scan(settings, filters.from_settings(settings), time.time())
    tasks = list(_lacking(seen, state))
    state.keep_waiting((task.root, *task.item) for task in tasks)
    watch.found(seen)
    watch.queued(tasks)
    condition = of_error(error)
    for task in tasks:
        watch.upload(task, condition)
    watch.said(f"{len(tasks)} files wait: {error.sentence}")


def again_after(failures: int) -> float:
    """Seconds until the try after so many failed ones in a row (from 1)."""
    return min(FIRST * 2.0 ** (min(failures, 20) - 1), LONGEST)


def _lacking(seen: Scan, state: State) -> Iterator[Task]:
    """Files that the server was not seen to have as they are now."""
    for folder in seen.folders:
        dataset = state.dataset(folder.root, folder.name)
        known = state.archived(dataset) if dataset else {}
        for item in folder.files:
            if known.get(item.path) != item[1:]:
                yield Task(dataset or "", folder.root, item)
