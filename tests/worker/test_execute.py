"""One attempt of a task: its counts, its beats, and exactly one last word."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from threading import Event
from typing import Any

import pytest

from lagan.kit.errors import BadInput, NotFound, Unavailable
from lagan.worker import execute as execution
from lagan.worker import steps
from lagan.worker.execute import execute
from lagan.worker.ledger import Claimed, ItemFailure, LeaseLost, Outcome, Progress
from lagan.worker.steps import Context, register_step, step
from tests.worker.quiet import QuietLedger

ITEMS = ("a", "b", "c", "d")


class Book(QuietLedger):
    """A ledger that writes down what it was told; `cancel` and `lost` are what it answers to
    beats."""

    def __init__(self) -> None:
        self.told: list[tuple[Any, ...]] = []
        self.beats: list[Progress] = []
        self.beaten = Event()
        self.cancel = False
        self.lost = False

    def beat(self, claimed: Claimed, progress: Progress) -> bool:
        self.beats.append(progress)
        self.beaten.set()
        if self.lost:
            raise LeaseLost("gone")
        return self.cancel

    def finish(self, claimed: Claimed, outcome: Outcome) -> None:
        self.told.append(("finish", outcome))

    def fail(self, claimed: Claimed, error: str, permanent: bool) -> None:
        self.told.append(("fail", error, permanent))

    def release(self, claimed: Claimed) -> None:
        self.told.append(("release",))


@pytest.fixture
def book() -> Book:
    return Book()


@pytest.fixture(autouse=True)
def _own_steps(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(steps, "_steps", {})
    monkeypatch.setattr(execution, "SHOWN_EVERY", 0.0)


def _task(items: Sequence[str] = ITEMS) -> Claimed:
    return Claimed(1, 2, "test.step", "lab", 1, {"colour": "red"}, items)


def test_an_item_that_nothing_is_said_about_is_done(book: Book) -> None:
    def work(context: Context, args: Mapping[str, Any], items: Sequence[str]) -> Mapping[str, Any]:
        context.fail_item("b", "failed", "no such file")
        context.skip_item("c", "skipped", "is there already")
        context.progress(4, bytes=40)
        return {"colour": args["colour"]}

    register_step("test.step", work)
    execute(_task(), book)
    failures = [
        ItemFailure("b", "failed", "no such file"),
        ItemFailure("c", "skipped", "is there already"),
    ]
    expected = Outcome(2, 1, 1, failures, {"colour": "red"}, bytes=40)
    assert book.told == [("finish", expected)]


def test_the_last_word_about_an_item_counts(book: Book) -> None:
    def work(context: Context, args: Mapping[str, Any], items: Sequence[str]) -> None:
        context.fail_item("a", "failed", "at first")
        context.skip_item("a", "skipped", "on second thoughts")

    register_step("test.step", work)
    execute(_task(), book)
    ((_, outcome),) = book.told
    assert (outcome.done, outcome.skipped, outcome.failed) == (3, 1, 0)


def test_a_task_that_finds_its_items_itself_counts_what_it_reports(book: Book) -> None:
    def work(context: Context, args: Mapping[str, Any], items: Sequence[str]) -> None:
        context.fail_item("x", "failed", "bad")
        context.progress(12)

    register_step("test.step", work)
    execute(_task(()), book)
    ((_, outcome),) = book.told
    assert (outcome.done, outcome.failed) == (11, 1)


def test_a_cancelled_task_keeps_what_is_done_and_begins_no_more(book: Book) -> None:
    begun = []

    def work(context: Context, args: Mapping[str, Any], items: Sequence[str]) -> None:
        for done, item in enumerate(items, 1):
            begun.append(item)
            book.cancel = done == 2
            context.progress(done)

    register_step("test.step", work)
    execute(_task(), book)
    assert begun == ["a", "b"]
    assert book.told == [("finish", Outcome(done=2, failures=[], cancelled=True))]


def test_who_lost_the_lease_says_nothing_more(book: Book) -> None:
    def work(context: Context, args: Mapping[str, Any], items: Sequence[str]) -> None:
        book.lost = True
        context.progress(1)
        begun_again.append(True)

    begun_again: list[bool] = []
    register_step("test.step", work)
    execute(_task(), book)
    assert (book.told, begun_again) == ([], [])


def test_a_stopping_worker_gives_the_task_back(book: Book) -> None:
    stop = Event()

    def work(context: Context, args: Mapping[str, Any], items: Sequence[str]) -> None:
        stop.set()
        context.progress(1)

    register_step("test.step", work)
    execute(_task(), book, stop=stop)
    assert book.told == [("release",)]


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (BadInput("No such profile."), ("fail", "bad-input: No such profile.", True)),
        (Unavailable("The volume is away."), ("fail", "unavailable: The volume is away.", False)),
        (KeyError("oops"), ("fail", "KeyError: 'oops'", False)),
    ],
)
def test_an_error_fails_the_attempt_and_says_whether_to_try_again(
    book: Book, error: Exception, told: tuple[Any, ...]
) -> None:
    def work(context: Context, args: Mapping[str, Any], items: Sequence[str]) -> None:
        raise error

    register_step("test.step", work)
    execute(_task(), book)
    assert book.told == [told]


def test_a_step_that_nobody_registered_fails_for_good(book: Book) -> None:
    execute(_task(), book)
    ((verb, sentence, permanent),) = book.told
    assert (verb, permanent) == ("fail", True)
    assert "test.step" in sentence


def test_a_long_item_is_beaten_for_while_it_is_worked_on(book: Book) -> None:
    def work(context: Context, args: Mapping[str, Any], items: Sequence[str]) -> None:
        assert book.beaten.wait(60)

    register_step("test.step", work)
    execute(_task(), book, lease=0.04)
    assert book.told[0][0] == "finish"


def test_a_beat_that_cannot_be_told_is_not_the_end(
    book: Book, monkeypatch: pytest.MonkeyPatch
) -> None:
    tried: list[int] = []
    again = Event()

    def broken(claimed: Claimed, progress: Progress) -> bool:
        tried.append(1)
        if len(tried) == 2:
            again.set()
        raise ConnectionError("the hub restarts")

    monkeypatch.setattr(book, "beat", broken)

    def work(context: Context, args: Mapping[str, Any], items: Sequence[str]) -> None:
        assert again.wait(60)

    register_step("test.step", work)
    execute(_task(), book, lease=0.04)
    assert book.told[0][0] == "finish"


def test_a_name_has_one_step() -> None:
    def one(context: Context, args: Mapping[str, Any], items: Sequence[str]) -> None: ...
    def two(context: Context, args: Mapping[str, Any], items: Sequence[str]) -> None: ...

    register_step("test.one", one)
    register_step("test.one", one)
    assert step("test.one") is one
    with pytest.raises(ValueError, match=r"test\.one"):
        register_step("test.one", two)
    with pytest.raises(NotFound, match=r"test\.none"):
        step("test.none")
