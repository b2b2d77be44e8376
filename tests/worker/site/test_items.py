"""Items are worked on side by side; each ends with one outcome, and who is told to stop stops."""

from __future__ import annotations

import errno
import os
from threading import Barrier, Event
from typing import Any

import pytest

from lagan.hsm.errors import Busy, Changed, MissingAtTarget, Unfit, WrittenInto
from lagan.hsm.migrating import Outcome
from lagan.hsm.target import Tick
from lagan.kit.errors import BadPath, LaganError, NoSpace, Unavailable
from lagan.worker.ledger import AGAIN, ALREADY, Cancelled
from lagan.worker.site import items
from lagan.worker.site.items import AT_ONCE, alone, category_of, each
from tests.worker.told import Told


def test_every_item_has_its_outcome() -> None:
    ends: dict[str, Any] = {
        "done": Outcome("migrated"),
        "was": Outcome("migrated", already=True),
        "link": Unfit("a link", kind="link"),
        "busy": Busy("open"),
        "gone": FileNotFoundError(errno.ENOENT, "gone"),
    }

    def act(item: str, tick: Tick) -> Outcome:
        tick(10)
        end = ends[item]
        if isinstance(end, Exception):
            raise end
        assert isinstance(end, Outcome)
        return end

    told = Told()
    assert each(told, list(ends), act) == {"states": {"migrated": 2}, "bytes": 50}
    assert told.categories == {
        "was": ALREADY,
        "link": "skipped.link",
        "busy": f"{AGAIN}.busy",
        "gone": "failed.missing",
    }
    assert told.done == (5, 50)


def test_items_are_worked_on_side_by_side() -> None:
    together = Barrier(AT_ONCE)

    def act(item: str, tick: Tick) -> Outcome:
        together.wait(60)
        return Outcome("done")

    each(Told(), [str(number) for number in range(AT_ONCE)], act)


def test_one_at_a_time_they_keep_their_order() -> None:
    seen: list[str] = []

    def act(item: str, tick: Tick) -> Outcome:
        seen.append(item)
        return Outcome("done")

    names = [str(number) for number in range(50)]
    each(Told(), names, act, at_once=1)
    assert seen == names


def test_who_is_told_to_stop_begins_nothing_more_and_ends_what_was_begun() -> None:
    begun, ended = [], []

    def act(item: str, tick: Tick) -> Outcome:
        begun.append(item)
        try:
            while not Event().wait(0.01):
                tick(1)
        finally:
            ended.append(item)
        return Outcome("done")

    with pytest.raises(Cancelled):
        each(Told(until=0), [str(number) for number in range(50)], act)
    assert sorted(begun) == sorted(ended) == [str(number) for number in range(AT_ONCE)]


def test_a_fault_of_ours_is_the_tasks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(items, "SHOWN_EVERY", 0.01)

    def act(item: str, tick: Tick) -> Outcome:
        raise KeyError(item)

    with pytest.raises(KeyError):
        each(Told(), ["a", "b"], act)


@pytest.mark.parametrize(
    ("error", "category"),
    [
        (Busy("x"), f"{AGAIN}.busy"),
        (Changed("x"), f"{AGAIN}.changed"),
        (NoSpace("x"), f"{AGAIN}.full"),
        (Unavailable("x"), f"{AGAIN}.unavailable"),
        (WrittenInto("x"), "failed.written-into"),
        (MissingAtTarget("x"), "failed.missing-at-target"),
        (BadPath("x"), "failed.path"),
        (OSError(errno.ENOSPC, "x"), f"{AGAIN}.full"),
        (OSError(errno.ETXTBSY, "x"), f"{AGAIN}.busy"),
        (OSError(errno.EIO, "x"), "failed.disk"),
        (OSError(errno.EACCES, "x"), "failed.unreadable"),
    ],
)
def test_only_what_may_pass_is_tried_again(error: LaganError | OSError, category: str) -> None:
    assert category_of(error) == category


def test_one_file_is_moved_by_one_thread_at_a_time() -> None:
    inside: list[str] = []

    def act(item: str, tick: Tick) -> Outcome:
        with alone(1, 2):
            inside.append(item)
            assert inside == [item]
            os.sched_yield()
            inside.remove(item)
        return Outcome("done")

    each(Told(), [str(number) for number in range(100)], act)
    assert inside == []
