"""The engine's side of a step, for tests of steps: what the step told it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from lagan.worker.ledger import Cancelled, Claimed


class Told:
    """A `lagan.worker.steps.Context`; `until` ends the step after so many words of progress."""

    def __init__(
        self, task: Claimed | None = None, until: int | None = None, token: str = ""
    ) -> None:
        self.task: Any = task or Claimed(1, 1, "test.step", "lab", 1, {}, ())
        self.done = (0, 0)
        self.failed: dict[str, str] = {}
        self.skipped: dict[str, str] = {}
        self.categories: dict[str, str] = {}
        self.batches: list[tuple[list[str], int]] = []
        self.walks: list[list[str]] = []
        self._left = until
        self._token = token

    def progress(self, done: int, bytes: int = 0) -> None:
        self.done = (done, bytes)
        if self._left is not None:
            self._left -= 1
            if self._left < 0:
                raise Cancelled("enough")

    def fail_item(self, item: str, category: str, reason: str) -> None:
        self.failed[item], self.categories[item] = reason, category

    def skip_item(self, item: str, category: str, reason: str) -> None:
        self.skipped[item], self.categories[item] = reason, category

    def found(self, items: Sequence[str], size: int) -> None:
        self.batches.append((list(items), size))

    def leave_to_others(self, folders: Sequence[str]) -> None:
        self.walks.append(list(folders))

    def token(self) -> str:
        return self._token
