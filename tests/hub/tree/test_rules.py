"""The arithmetic of the permission rule, without a database."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lagan.hub.tree import rules
from lagan.hub.tree.rules import Intervals, Mark
from lagan.kit.errors import BadInput

ROOT = rules.path_of(1)
GROUP = rules.path_of(2, ROOT)
INNER = rules.path_of(3, GROUP)
LEAF = rules.path_of(4, INNER)
SIBLING = rules.path_of(5, ROOT)
NUMBERS = st.integers(0, 40)
PAIRS = st.lists(st.tuples(NUMBERS, NUMBERS).map(lambda pair: (min(pair), max(pair))), max_size=8)


def test_a_path_tells_its_ancestors() -> None:
    assert rules.ids_in(LEAF) == [1, 2, 3, 4]


def test_paths_sort_parents_before_children_and_subtrees_together() -> None:
    assert sorted([SIBLING, LEAF, ROOT, INNER, GROUP]) == [ROOT, GROUP, INNER, LEAF, SIBLING]


def test_a_tree_too_deep_is_refused() -> None:
    path = ""
    for number in range(rules.DEEPEST):
        path = rules.path_of(number, path)
    with pytest.raises(BadInput, match="200 levels"):
        rules.path_of(1, path)


def test_a_grant_holds_there_and_beneath_and_nowhere_else() -> None:
    found = rules.effective([Mark(9, GROUP, deny=False)])
    assert [path in found for path in (ROOT, GROUP, INNER, LEAF, SIBLING)] == [
        False, True, True, True, False,
    ]  # fmt: skip


def test_a_denial_ends_what_was_inherited_and_a_grant_beneath_begins_it_again() -> None:
    marks = [Mark(9, ROOT, deny=False), Mark(9, GROUP, deny=True), Mark(9, LEAF, deny=False)]
    found = rules.effective(marks)
    assert [path in found for path in (ROOT, GROUP, INNER, LEAF, SIBLING)] == [
        True, False, False, True, True,
    ]  # fmt: skip


def test_a_grant_and_a_denial_at_one_place_grant() -> None:
    assert GROUP in rules.effective([Mark(9, GROUP, deny=True), Mark(9, GROUP, deny=False)])


def test_the_denial_of_one_role_takes_nothing_from_another() -> None:
    assert LEAF in rules.effective([Mark(9, ROOT, deny=False), Mark(8, GROUP, deny=True)])


@given(PAIRS)
def test_a_union_is_the_same_set_rising_and_disjoint(pairs: list[tuple[int, int]]) -> None:
    texts = [(f"{low:03}", f"{high:03}") for low, high in pairs]
    found = rules.union(texts)
    for number in range(42):
        here = f"{number:03}"
        assert (here in found) == any(low <= here < high for low, high in texts)
    edges = [edge for interval in found.items for edge in interval]
    assert edges == sorted(edges)


def test_nothing_is_in_no_interval_and_all_is_in_everything() -> None:
    assert ROOT not in Intervals()
    assert LEAF in rules.EVERYTHING
