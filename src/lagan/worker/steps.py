"""Steps: the work itself, a function that knows nothing of the transport that brought it its
items."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol

from lagan.kit.errors import NotFound
from lagan.worker.ledger import Claimed


class Context(Protocol):
    """What a step may say while it runs."""

    @property
    def task(self) -> Claimed:
        """The task being run."""

    def progress(self, done: int, bytes: int = 0) -> None:
        """Tell how many items and bytes this attempt has handled so far (not since the last call).

        Call it after every item: it is cheap (one write a second at most). Raises Cancelled when
        the work is no longer wanted and LeaseLost when another worker has it; let both pass.
        """

    def fail_item(self, item: str, category: str, reason: str) -> None:
        """Say that `item` could not be done; the task goes on."""

    def skip_item(self, item: str, category: str, reason: str) -> None:
        """Say that `item` needed nothing (`ALREADY`: the next step has it all the same), or may not
        be touched."""

    def found(self, items: Sequence[str], size: int) -> None:
        """Of a walk: a batch of items for the job, with their bytes together. Nobody sees it before
        the walk has ended well."""

    def leave_to_others(self, folders: Sequence[str]) -> None:
        """Of a walk: folders for another walk, beside this one."""

    def token(self) -> str:
        """An access token of whoever started the job, for a step that acts for that person."""


Step = Callable[[Context, Mapping[str, Any], Sequence[str]], Mapping[str, Any] | None]
"""Takes the context, the task's arguments and its items; returns facts for the job's page, or
nothing.

Steps are idempotent per item: a task is run again after a crash. An exception fails the attempt,
not an item: a LaganError says itself whether trying again could help, any other exception is
tried again with growing pauses.
"""

_steps: dict[str, Step] = {}


def register_step(name: str, step: Step) -> None:
    """Make `step` known as `name` (`room.verb`). A name has one step; registering the same one
    again is harmless."""
    known = _steps.setdefault(name, step)
    if known is not step:
        raise ValueError(f"two steps are called {name}")


def step(name: str) -> Step:
    """The step called `name`; NotFound when this worker has none of that name."""
    try:
        return _steps[name]
    except KeyError:
        raise NotFound(f"This worker knows no step called {name}.", step=name) from None
