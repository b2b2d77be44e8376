"""One turn of the service, and of the window: the hub's settings, a run, the clean-up that the
settings ask for, and the hub told how it went."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path

from lagan.agent import central, cleanup
from lagan.agent.errors import Stopped
from lagan.agent.progress import Progress
from lagan.agent.report import Report
from lagan.agent.rows import Observer
from lagan.agent.settings import Settings
from lagan.agent.sync import sync
from lagan.kit.errors import LaganError


def turn(
    settings: Settings,
    path: Path,
    progress: Progress,
    stop: threading.Event,
    say: Callable[[str], None],
    observer: Observer | None = None,
) -> Report:
    """Run once with the settings of the file `path`; `say` hears what is worth a line in the log.

    Raises as `sync` does when the run as a whole cannot be.
    """
    settings = central.take_over(settings, path, say)
    report = sync(settings, progress, stop, observer=observer)
    say(
        f"Found {report.found} files, sent {report.sent}, archived {report.archived},"
        f" refused {len(report.refused)}, failed {len(report.failed)}, left {len(report.left)}."
    )
    for each in (*report.refused, *report.failed):
        say(f"{each.path}: {each.reason}")
    if settings.clean_up_days and not report.stopped:
        _clean_up(settings, stop, say)
    if settings.central_settings:
        central.tell(settings, report, say)
    return report


def _clean_up(settings: Settings, stop: threading.Event, say: Callable[[str], None]) -> None:
    def check() -> None:
        if stop.is_set():
            raise Stopped("The clean-up was told to end.")

    try:
        done = cleanup.clear(settings, older_than_days=settings.clean_up_days, check=check)
    except LaganError as error:
        say(f"Nothing was cleaned up: {error.sentence}")
    else:
        say(f"Cleaned up {len(done.removed)} files, {done.freed} bytes.")
        for name in done.removed:
            say(f"Removed here, verified at the server: {name}")
