"""What the end of a task means: every item goes exactly one way."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lagan.hub.jobs.packing import storable
from lagan.hub.jobs.rules import AT_ONCE, BULK, SOON, apart, priority
from lagan.hub.jobs.settling import Part, Sums, settle, share
from lagan.worker.ledger import AGAIN, ALREADY, ItemFailure, Outcome

CATEGORIES = ("failed", "failed.busy", AGAIN, AGAIN + ".busy", "skipped.link", ALREADY)
NAMES = st.sampled_from([f"/data/{n}" for n in range(6)])
FAILURES = st.lists(
    st.builds(ItemFailure, NAMES, st.sampled_from(CATEGORIES), st.just("why")), max_size=8
)


@given(
    st.lists(NAMES, unique=True),
    FAILURES,
    st.sampled_from([Part.EARLIER, Part.LAST]),
    *[st.booleans()] * 2,
)
def test_every_item_goes_exactly_one_way(
    items: list[str], failures: list[ItemFailure], part: Part, tries: bool, cancelled: bool
) -> None:
    outcome = Outcome(done=2, failures=failures, cancelled=cancelled)
    settled = settle(items, outcome, part=part, tries=tries, exact=True)
    assert sorted([*settled.kept, *settled.again]) == sorted(items)
    assert not tries or all(not each.category.startswith(AGAIN) for each in settled.failures)
    numbers = settled.done + settled.skipped + settled.failed
    assert numbers <= len(settled.kept) if cancelled else numbers == len(settled.kept)
    sums = share(
        part,
        items=len(settled.kept),
        done=settled.done,
        skipped=settled.skipped,
        already=settled.already,
        failed=settled.failed,
        size=1,
        failures=settled.failures,
    )
    assert sums.processed + sums.skipped + sums.failed + len(settled.passed) <= len(settled.kept)
    assert sum(sums.categories.values()) == sums.skipped + sums.failed
    if part == Part.EARLIER and not cancelled:
        assert len(settled.passed) + sums.skipped + sums.failed == len(settled.kept)
        assert sums.processed == 0


def test_what_is_taken_away_is_what_was_added() -> None:
    sums = Sums(1, 2, 3, 4, 5, {"failed.busy": 4})
    assert sums.less().less() == sums
    assert sums.less().categories == {"failed.busy": -4}


@pytest.mark.parametrize(
    ("paths", "walked", "expected"),
    [
        (["/a", "/a"], False, ["/a"]),
        (["/a", "/a/b"], False, ["/a", "/a/b"]),
        (["/a/b", "/a"], True, ["/a"]),
        (["/a/", "/a", "/ab"], True, ["/a/", "/ab"]),
        (["/", "/a"], True, ["/"]),
    ],
)
def test_a_path_is_worked_on_once(paths: list[str], walked: bool, expected: list[str]) -> None:
    assert apart(paths, walked=walked) == expected


def test_people_and_recalls_go_before_bulk() -> None:
    assert priority(steps=["hsm.migrate"], few=True, person=True) == AT_ONCE
    assert priority(steps=["hsm.recall"], few=True, person=False) == AT_ONCE
    assert priority(steps=["hsm.recall"], few=False, person=True) == SOON
    assert priority(steps=["hsm.migrate"], few=False, person=True) == BULK
    assert priority(steps=["hsm.migrate"], few=True, person=False) == BULK


def test_what_workers_say_can_be_stored() -> None:
    said = {"a\udcff": ["b\0", 1, None], "c": ("\ud800",)}
    assert storable(said) == {"a\ufffd": ["b\ufffd", 1, None], "c": ["\ufffd"]}
