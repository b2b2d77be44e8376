"""The arcs of a ring are the counts, end to end, the largest first."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from lagan.hub.web.charts import columns, ring

COUNTS = st.lists(st.integers(0, 10**7), max_size=9)


@given(COUNTS)
def test_arcs_lie_end_to_end_and_fill_the_ring(counts: list[int]) -> None:
    found = ring(("", str(n), number, "/") for n, number in enumerate(counts))
    assert sorted(each.number for each in found) == sorted(number for number in counts if number)
    assert [each.number for each in found] == sorted((e.number for e in found), reverse=True)
    for one, other in zip(found, found[1:], strict=False):
        assert one.offset + one.dash <= other.offset + 0.02
    if found:
        assert 95 < found[-1].offset + found[-1].dash <= 100.02


def test_one_among_many_is_seen() -> None:
    found = ring([("good", "fine", 99_999, "/"), ("bad", "failed", 1, "/")])
    assert found[1].dash >= 0.4
    assert found[1].kind == "bad"


def test_slices_without_a_colour_have_theirs_in_turn() -> None:
    found = ring([("", "a", 3, "/"), ("", "b", 2, "/")])
    assert [each.kind for each in found] == ["slice-1", "slice-2"]


def test_nothing_is_no_slice() -> None:
    assert ring([("", "a", 0, "/")]) == []


DAYS = st.lists(st.tuples(st.integers(0, 10**9), st.integers(0, 10**9)), max_size=30)


@given(DAYS)
def test_columns_stay_in_their_drawing_and_none_vanishes(days: list[tuple[int, int]]) -> None:
    drawn = columns([good for good, _ in days], [other for _, other in days])
    assert len(drawn) == len(days)
    for each, (good, other) in zip(drawn, days, strict=True):
        assert (each.good > 0, each.other > 0) == (good > 0, other > 0)
        assert each.good + each.other <= 100.02
        assert each.x + each.width <= 100.02


def test_columns_are_as_high_as_their_files() -> None:
    heights = [each.good for each in columns([1000, 500, 0], [0, 0, 0])]
    assert heights == [100, 54, 0]
    assert columns([], []) == []
