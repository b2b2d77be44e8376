"""Pure decisions: what each look-up state leads to, and how work is cut."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lagan.agent.plan import Action, Task, batches, decide, plan, windows
from lagan.agent.scan import Item
from lagan.client import State

SIZES = st.lists(st.integers(0, 100), max_size=60)


def tasks(sizes: list[int]) -> list[Task]:
    return [Task(f"d{n % 3}", "r", Item(str(n), size, n)) for n, size in enumerate(sizes)]


@pytest.mark.parametrize(
    ("state", "small", "large"),
    [
        (State.ABSENT, Action.BATCH, Action.RESUMABLE),
        (State.SAME, Action.SKIP, Action.SKIP),
        (State.OTHER_TIME, Action.COMPARE, Action.COMPARE),
        (State.OTHER_SIZE, Action.BATCH, Action.RESUMABLE),
        (State.VERIFIED, Action.SKIP, Action.SKIP),
        (State.REFUSED_NAME, Action.REFUSE, Action.REFUSE),
        (State.UNVERIFIED, Action.WAIT, Action.WAIT),
    ],
)
def test_each_state(state: State, small: Action, large: Action) -> None:
    assert decide(state, 10, 10) is small
    assert decide(state, 11, 10) is large
    assert decide(state, 0, 0) is small, "an empty file goes in a batch"


@given(st.lists(st.tuples(st.integers(0, 20), st.sampled_from(State)), max_size=50))
def test_every_file_has_one_action(rows: list[tuple[int, State]]) -> None:
    wanted = tasks([size for size, _ in rows])
    made = plan(wanted, [state for _, state in rows], {0: "aa"}, 10)
    parts = [
        *made.skip,
        *(task for task, _ in made.compare),
        *made.batch,
        *made.resumable,
        *made.refuse,
        *made.wait,
    ]
    assert sorted(parts, key=lambda t: int(t.item.path)) == wanted
    assert made.verified == sum(state is State.VERIFIED for _, state in rows)


@given(SIZES, st.integers(1, 100), st.integers(1, 10))
def test_batches_keep_both_bounds_and_all_files(sizes: list[int], size: int, count: int) -> None:
    wanted = tasks(sizes)
    cut = list(batches(wanted, size, count))
    assert [task for batch in cut for task in batch] == wanted
    for batch in cut:
        assert 1 <= len(batch) <= count
        assert len(batch) == 1 or sum(task.item.size for task in batch) <= size


@given(SIZES, st.integers(1, 20))
def test_look_ups_are_full_but_the_last(sizes: list[int], most: int) -> None:
    wanted = tasks(sizes)
    cut = list(windows(wanted, most))
    assert [task for window in cut for task in window] == wanted
    assert all(len(window) == most for window in cut[:-1])
