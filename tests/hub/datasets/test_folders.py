"""A dataset's files seen as folders agree with a plain look at all paths, whatever the names."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

names = st.text(
    st.characters(exclude_categories=["Cs"], exclude_characters="/\0\x01"), min_size=1, max_size=6
)
paths = st.lists(names, min_size=1, max_size=4).map("/".join)
trees = st.sets(paths, max_size=30)


@pytest.fixture
def shelf(db):
    """Puts entries of given paths into a fresh dataset each time."""
    from django.utils import timezone

    from lagan.hub.accounts import services as accounts
    from lagan.hub.archive.models import File
    from lagan.hub.base.actors import SYSTEM
    from lagan.hub.datasets.models import Entry
    from lagan.hub.datasets.services import create_dataset

    ground = accounts.bootstrap()
    owner = accounts.create_user(by=SYSTEM, username="alice")
    stored = File.objects.create(
        file_id="f", version=1, name="n", size=1, crc32=0, crc32c=0, stored_at=timezone.now()
    )
    number = itertools.count()

    def fill(paths):
        dataset = create_dataset(
            by=SYSTEM, name=f"d{next(number)}", group=ground.root.id, owner=owner.entity_id
        )
        now = timezone.now()
        Entry.objects.bulk_create(
            Entry(
                dataset=dataset, path=path, stored=stored, file_id="f", version=1, size=1,
                crc32=0, mtime_ns=0, added_at=now,
            )
            for path in paths
        )  # fmt: skip
        return dataset.pk

    return fill


def plain(paths, folder):
    prefix = f"{folder}/" if folder else ""
    inside = [path[len(prefix) :] for path in paths if path.startswith(prefix)]
    folders = {path.partition("/")[0] for path in inside if "/" in path}
    return {(name, True) for name in folders} | {
        (path, False) for path in inside if "/" not in path
    }


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(trees, st.integers(1, 5))
def test_pages_of_every_folder_have_each_item_once(shelf, paths, size):
    from lagan.hub.datasets.folders import folder_page

    dataset = shelf(paths)
    folders = {path.rpartition("/")[0] for path in paths} | {""}
    for folder in folders:
        found, after = [], None
        while True:
            page = folder_page(dataset, folder=folder, after=after, size=size)
            assert len(page.items) <= size
            found += [(each.name, each.is_folder) for each in page.items]
            after = page.next
            if after is None:
                break
        assert sorted(found) == sorted(plain(paths, folder))


def test_a_folder_page_is_two_statements_however_much_lies_beneath(
    shelf, django_assert_num_queries
):
    from lagan.hub.datasets.folders import folder_page

    dataset = shelf([f"f{n % 50:02}/{n}" for n in range(2000)] + ["zz"])
    with django_assert_num_queries(2):
        page = folder_page(dataset, folder="", after=None, size=200)
    assert len(page.items) == 51
