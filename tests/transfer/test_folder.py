"""Pages of a folder: in order, without gap or repetition, whatever the size of a page."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lagan.kit.errors import BadInput
from lagan.transfer import Item, page_of

items = st.lists(
    st.builds(
        Item,
        name=st.text(min_size=1, max_size=4) | st.just("caf\udce9"),
        kind=st.sampled_from(["file", "folder"]),
        size=st.integers(0, 10),
        mtime_ns=st.integers(0, 5),
    ),
    unique_by=lambda each: each.name,
    max_size=12,
)


@given(items, st.sampled_from(["name", "newest"]), st.integers(1, 5))
def test_pages_together_are_the_folder(folder, order, size):
    seen, after = [], None
    while True:
        page = page_of(folder, order=order, after=after, size=size)
        seen += page.items
        if page.next is None:
            break
        assert len(page.items) == size
        after = page.next
    if order == "name":
        assert seen == sorted(folder, key=lambda each: (each.kind != "folder", each.name))
    else:
        assert seen == sorted(folder, key=lambda each: (-each.mtime_ns, each.name))


@pytest.mark.parametrize("after", ["x", "W10", "WzEsMl0", "é"])
def test_a_key_that_was_not_given_out_is_refused(after):
    with pytest.raises(BadInput):
        page_of([], after=after)
