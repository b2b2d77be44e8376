"""A run takes the best, no more than is to be freed, and holds no more than that in memory."""

from __future__ import annotations

import tracemalloc

from hypothesis import given
from hypothesis import strategies as st

from lagan.hsm.policy.definition import LARGEST, UNREAD, WEIGHTED
from lagan.hsm.policy.selection import Candidate, Selection, limited, score


def candidate(score: float, frees: int, name: str = "x") -> Candidate:
    return Candidate(score, name, frees, frees, score, 0, "/")


def choose(need: int | None, most: int, *given: Candidate) -> list[Candidate]:
    selection = Selection(need, most)
    for each in given:
        selection.offer(each)
    return selection.chosen()


_files = st.lists(st.tuples(st.integers(0, 50), st.integers(1, 100)), max_size=60)


@given(_files, st.none() | st.integers(0, 2000), st.integers(1, 30))
def test_it_is_what_sorting_everything_would_give(
    files: list[tuple[int, int]], need: int | None, most: int
) -> None:
    some = [candidate(score, frees, f"{place:03}") for place, (score, frees) in enumerate(files)]
    wanted: list[Candidate] = []
    for each in sorted(some, reverse=True):
        if len(wanted) >= most or need is not None and sum(e.frees for e in wanted) >= need:
            break
        wanted.append(each)
    assert choose(need, most, *some) == wanted


def test_all_that_was_offered_is_counted() -> None:
    selection = Selection(10, 5)
    for number in range(4):
        selection.offer(candidate(number, 10))
    assert (selection.offered, selection.offered_frees, selection.frees) == (4, 40, 10)


def test_memory_holds_one_run_however_much_is_offered() -> None:
    selection = Selection(None, 100)
    for number in range(200):
        selection.offer(candidate(number, 10, f"/data/{number}"))
    tracemalloc.start()
    for number in range(200, 20_200):
        selection.offer(candidate(number, 10, f"/data/{number}"))
    grown, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert grown < 200_000
    assert [each.score for each in selection.chosen()] == list(range(20_199, 20_099, -1))


def test_the_orders() -> None:
    assert score(UNREAD, 5.0, 100) == 5.0
    assert score(LARGEST, 5.0, 100) == 100.0
    assert score(WEIGHTED, 5.0, 100) == 500.0
    assert score(WEIGHTED, -5.0, 100) == 0.0


def test_a_run_is_limited_in_files_and_bytes() -> None:
    some = [candidate(9 - n, 10) for n in range(5)]
    assert limited(some, 3, None) == some[:3]
    assert limited(some, 9, 25) == some[:2]
    assert limited(some, 9, 5) == []
    assert limited(some, 9, None) == some
