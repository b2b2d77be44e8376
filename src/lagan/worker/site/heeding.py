"""What a task that lets go of content heeds: pins, and whether there is room enough already.

Both are looked at when the task begins. A policy's run chooses no more than is needed, so that
looking once a task (500 files, 8 GiB) only matters when somebody else has made room meanwhile.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from lagan.kit.errors import BadPath
from lagan.worker.site import fullness, paths
from lagan.worker.site.pinned import Pins
from lagan.worker.steps import Context

EVEN_PINNED, UNTIL = "even_pinned", "until"
"""Arguments of a step: pins do not count; percent at which a filesystem has room enough."""


def admitted(context: Context, args: Mapping[str, Any], items: Sequence[str]) -> Sequence[str]:
    """Those of `items` whose content may go; what becomes of the others is told. Keeping the
    content here as well needs no leave."""
    if args.get("premigrate"):
        return items
    return list(_admitted(context, args, items))


def _admitted(context: Context, args: Mapping[str, Any], items: Sequence[str]) -> Iterator[str]:
    pins, now, until = Pins(), time.time(), args.get(UNTIL)
    devices = _Devices()
    for item in items:
        pin = None if args.get(EVEN_PINNED) else pins.of(item)
        if pin is not None and pin.holds(now):
            said = "for ever" if pin.until is None else f"until {pin.as_text()}"
            context.skip_item(item, "skipped.pinned", f"It is pinned to this site {said}.")
        elif until is not None and devices.percent(item) <= until:
            said = f"The filesystem is no more than {until:g} % full already."
            context.skip_item(item, "skipped.enough", said)
        else:
            yield item


class _Devices:
    """How full each filesystem was when the task came to it."""

    def __init__(self) -> None:
        self._percent: dict[int, float] = {}

    def percent(self, item: str) -> float:
        """That of the filesystem of `item`; as if full for what is not there: others tell that."""
        try:
            device = paths.stat(item).st_dev
            if device not in self._percent:
                self._percent[device] = _percent_at(item)
            return self._percent[device]
        except (OSError, BadPath):
            return 100.0


def _percent_at(item: str) -> float:
    spot = paths.locate(item)
    with paths.open_at(paths.above(spot), os.O_PATH | os.O_DIRECTORY) as folder:
        return fullness.of(folder).percent
