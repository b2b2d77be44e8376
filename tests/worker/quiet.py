"""A ledger that has no tasks and nobody who asks; tests override what they look at."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from lagan.kit.errors import LaganError
from lagan.worker.ledger import Asked, Claimed, Outcome, Progress, WorkerFacts


class QuietLedger:
    """A `lagan.worker.ledger.Ledger`."""

    def claim(self, sites: Sequence[str], worker: str, count: int = 1) -> list[Claimed]:
        return []

    def claim_hint(
        self, task_id: int, attempt: int, redelivered: bool, worker: str
    ) -> Claimed | None:
        return None

    def beat(self, claimed: Claimed, progress: Progress) -> bool:
        return False

    def finish(self, claimed: Claimed, outcome: Outcome) -> None:
        raise AssertionError(outcome)

    def fail(self, claimed: Claimed, error: str, permanent: bool) -> None:
        raise AssertionError(error)

    def release(self, claimed: Claimed) -> None:
        raise AssertionError("given back")

    def found(self, claimed: Claimed, items: Sequence[str], size: int) -> None:
        raise AssertionError(items)

    def token(self, claimed: Claimed) -> str:
        return "token"

    def present(self, facts: WorkerFacts) -> None:
        pass

    def ask(self, sites: Sequence[str], wait: float) -> list[Asked]:
        return []

    def answer(
        self, asked: Asked, answer: Mapping[str, Any] | None, error: LaganError | None
    ) -> None:
        pass

    def leave(self) -> None:
        pass
