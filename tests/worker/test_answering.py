"""A site is asked while its tasks run: answers come beside them, and a refusal is an answer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from threading import Event, Lock, Thread
from typing import Any

import pytest

from lagan.kit.errors import BadInput, LaganError, NotFound, Unavailable
from lagan.worker import answering, answers, embedded, steps
from lagan.worker.answers import register_answer
from lagan.worker.embedded import Worker
from lagan.worker.ledger import Asked, Claimed, Outcome
from lagan.worker.steps import Context, register_step
from tests.worker.quiet import QuietLedger

WAIT = 60.0


class Asking(QuietLedger):
    """Questions in memory, and what was answered."""

    def __init__(self, *verbs: str) -> None:
        self.questions = [Asked(id, "lab", verb, {"n": id}) for id, verb in enumerate(verbs)]
        self.told: dict[int, tuple[Mapping[str, Any] | None, LaganError | None]] = {}
        self.deaf, self.all_told = 0, Event()
        self.tasks: list[Claimed] = []
        self._lock, self._wanted = Lock(), len(verbs)

    def claim(self, sites: Sequence[str], worker: str, count: int = 1) -> list[Claimed]:
        taken, self.tasks = self.tasks[:count], self.tasks[count:]
        return taken

    def finish(self, claimed: Claimed, outcome: Outcome) -> None:
        pass

    def ask(self, sites: Sequence[str], wait: float) -> list[Asked]:
        if self.deaf:
            self.deaf -= 1
            raise Unavailable("the hub restarts")
        with self._lock:
            taken, self.questions = self.questions, []
        if not taken:
            self.all_told.wait(min(wait, 0.05))
        return taken

    def answer(
        self, asked: Asked, answer: Mapping[str, Any] | None, error: LaganError | None
    ) -> None:
        with self._lock:
            self.told[asked.id] = (answer, error)
            if len(self.told) == self._wanted:
                self.all_told.set()


@pytest.fixture(autouse=True)
def _own(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(answers, "_answers", {})
    monkeypatch.setattr(steps, "_steps", {})
    monkeypatch.setattr(answering, "PAUSE", 0.01)


def test_answers_refusals_and_faults_all_reach_who_asked() -> None:
    def refuse(args: Mapping[str, Any]) -> Mapping[str, Any]:
        raise NotFound("There is no such folder.")

    def break_(args: Mapping[str, Any]) -> Mapping[str, Any]:
        raise ZeroDivisionError

    register_answer("square", lambda args: {"n": args["n"] ** 2})
    register_answer("refuse", refuse)
    register_answer("break", break_)
    ledger = Asking("square", "refuse", "break", "unknown", "square")
    ledger.deaf = 2
    with answering.answering(["lab"], ledger, 1.0):
        assert ledger.all_told.wait(WAIT)
    assert ledger.told[4] == ({"n": 16}, None)
    kinds = [type(ledger.told[id][1]) for id in range(4)]
    assert kinds == [type(None), NotFound, Unavailable, NotFound]


def test_an_answer_waits_behind_no_task() -> None:
    begun, over = Event(), Event()

    def work(context: Context, args: Mapping[str, Any], items: Sequence[str]) -> None:
        begun.set()
        assert over.wait(WAIT)

    def answer(args: Mapping[str, Any]) -> Mapping[str, Any]:
        assert begun.wait(WAIT)
        assert not over.is_set()
        return {}

    register_step("test.step", work)
    register_answer("verb", answer)
    ledger, stop = Asking("verb"), Event()
    ledger.tasks = [Claimed(1, 1, "test.step", "lab", 1, {}, ["a"])]
    worker = Worker("w", ["lab"], 1)
    loop = Thread(target=embedded.serve, args=(worker, ledger, _Silence(), stop))
    loop.start()
    try:
        assert ledger.all_told.wait(WAIT)
    finally:
        over.set()
        stop.set()
        loop.join(WAIT)
    assert ledger.told == {0: ({}, None)}


def test_an_answer_that_is_registered_twice_is_a_mistake() -> None:
    def one(args: Mapping[str, Any]) -> Mapping[str, Any]:
        raise BadInput("")

    register_answer("verb", one)
    register_answer("verb", one)
    with pytest.raises(ValueError, match="verb"):
        register_answer("verb", lambda args: {})


class _Silence:
    def wait(self, timeout: float) -> bool:
        return Event().wait(min(timeout, 0.05))
