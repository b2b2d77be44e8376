"""A site's part in policies: it looks how full its filesystems are, walks, and chooses.

`discover.policy` is the walk of a policy's job: what it chooses the job's migrating tasks do.
`hsm.policy` chooses the same and tells what that would be: a dry run. Both have the report
(`lagan.hsm.policy.report`) as their result. `args` hold the policy, as
`lagan.hsm.policy.definition` has it, under `filters` (the walk) or `policy`. The walk is one task,
however large the site: the order holds for all of it.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from stat import S_ISDIR
from typing import Any

from lagan.hsm.policy import judging, pins
from lagan.hsm.policy.definition import Policy, check
from lagan.hsm.policy.pins import Pin
from lagan.hsm.policy.selection import Candidate
from lagan.kit.errors import BadPath
from lagan.worker.batches import cut
from lagan.worker.site import paths, refusals
from lagan.worker.site.choosing import Choosing, Disk
from lagan.worker.site.filters import Filters
from lagan.worker.site.paths import Spot
from lagan.worker.site.pinned import Pins
from lagan.worker.site.searching import BEAT_EVERY, Search
from lagan.worker.steps import Context, register_step

WALK, LOOK = "discover.policy", "hsm.policy"
"""The two steps."""

_Folder = tuple[str, Pin | None]
"""A folder to look into, and the pin that holds above it."""


def register() -> None:
    """Make the steps known."""
    register_step(WALK, choose)
    register_step(LOOK, look)


def choose(context: Context, args: Mapping[str, Any], items: Sequence[str]) -> dict[str, Any]:
    """The walk: what it finds are the chosen files, the best first."""
    chosen, told = chosen_of(context, check(args["filters"]), items)
    for batch, size in cut((each.path, each.size) for each in chosen):
        context.found(batch, size)
    return told


def look(context: Context, args: Mapping[str, Any], items: Sequence[str]) -> dict[str, Any]:
    """The dry run: the report alone."""
    _, told = chosen_of(context, check(args["policy"]), items)
    return told


def chosen_of(
    context: Context, policy: Policy, items: Sequence[str]
) -> tuple[list[Candidate], dict[str, Any]]:
    """What a policy chooses from `items` on, the best first, and the report. What cannot be looked
    at is a failed item."""
    choosing = Choosing(policy)
    for start in Search(context, Filters()).starts(items):
        _Walk(context, choosing, start).go()
    return choosing.ended()


class _Walk:
    """A look at everything from one path on, never through a link, never at our own notes."""

    def __init__(self, context: Context, choosing: Choosing, start: str) -> None:
        self._context, self._choosing, self._start = context, choosing, start
        self._seen = 0

    def go(self) -> None:
        """Look at all of it."""
        try:
            spot = paths.locate(self._start)
            is_folder = S_ISDIR(paths.stat(spot).st_mode)
            pin = Pins().of(paths.above(spot).path)
            if not is_folder:
                self._look_at(spot, pin)
        except (OSError, BadPath) as error:
            self._refuse(self._start, error)
            return
        waiting: list[_Folder] = [(spot.path, pin)] if is_folder else []
        while waiting:
            waiting += self._look_into(*waiting.pop())

    def _look_at(self, spot: Spot, above: Pin | None) -> None:
        """Offer one file."""
        folder = paths.above(spot)
        with paths.open_at(folder, os.O_RDONLY | os.O_DIRECTORY) as opened:
            disk = self._choosing.disk(opened, folder.path)
            self._offer(disk, spot.path, opened, spot.name, above)

    def _look_into(self, folder: str, above: Pin | None) -> list[_Folder]:
        """Offer the files of a folder; the folders in it."""
        inner: list[_Folder] = []
        try:
            with (
                paths.open_at(folder, os.O_RDONLY | os.O_DIRECTORY) as opened,
                os.scandir(opened) as entries,
            ):
                disk = self._choosing.disk(opened, folder)
                pin = pins.later(above, pins.read(opened))
                for entry in entries:
                    path = paths.join(folder, entry.name)
                    if not entry.is_dir(follow_symlinks=False):
                        self._offer(disk, path, opened, entry.name, pin)
                    elif not paths.is_ours(path) and self._choosing.enters(path):
                        inner.append((path, pin))
        except (OSError, BadPath) as error:
            self._refuse(folder, error)
        return inner

    def _offer(self, disk: Disk, path: str, folder: int, name: str, pin: Pin | None) -> None:
        self._seen += 1
        if self._seen % BEAT_EVERY == 0:
            self._context.progress(0)
        try:
            facts = os.stat(name, dir_fd=folder, follow_symlinks=False)
            at = f"/proc/self/fd/{folder}/{name}"
            self._choosing.offer(disk, path, at, facts, pin, self._start)
        except FileNotFoundError:
            return  # removed while we looked
        except OSError:
            self._choosing.left_out.add(judging.UNREADABLE)

    def _refuse(self, folder: str, error: OSError | BadPath) -> None:
        if isinstance(error, FileNotFoundError) and folder != self._start:
            return  # removed while we looked
        self._choosing.left_out.add(judging.UNREADABLE)
        self._context.fail_item(folder, refusals.category(error), refusals.reason(error))
