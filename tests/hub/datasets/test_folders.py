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


@settings(
    max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(trees, names, names)
def test_filtered_and_jumped_to_pages_agree_with_a_plain_look(shelf, paths, text, start):
    from lagan.hub.datasets.folders import folder_page

    dataset = shelf(paths)
    expected = {(n, f) for n, f in plain(paths, "") if text.casefold() in n.casefold()}
    page = folder_page(dataset, folder="", after=None, size=50, text=text)
    assert {(each.name, each.is_folder) for each in page.items} == expected
    page = folder_page(dataset, folder="", after=None, size=50, start=start)
    found = {(each.name, each.is_folder) for each in page.items}
    assert found <= plain(paths, "")
    # A folder whose name ends where `/` comes after the start belongs to it too.
    sure = {(n, f) for n, f in plain(paths, "") if (n + "/" if f else n) >= start}
    assert sure <= found


@settings(
    max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(trees)
def test_neighbours_are_the_files_beside_it_in_its_folder(shelf, paths):
    from lagan.hub.datasets.folders import neighbours

    dataset = shelf(paths)
    for path in paths:
        folder, slash, _ = path.rpartition("/")
        beside = sorted(
            folder + slash + n for n, is_folder in plain(paths, folder) if not is_folder
        )
        at = beside.index(path)
        before = beside[at - 1] if at else None
        after = beside[at + 1] if at + 1 < len(beside) else None
        assert neighbours(dataset, path) == (before, after)


def test_a_filter_looks_at_so_many_names_and_goes_on_from_there(shelf, monkeypatch):
    from lagan.hub.datasets import folders

    monkeypatch.setattr(folders, "EXAMINED", 200)
    monkeypatch.setattr(folders, "_WINDOW", 100)
    dataset = shelf([f"{n:04}" for n in range(1000)])
    found, after, pages = [], None, 0
    while pages == 0 or after is not None:
        page = folders.folder_page(dataset, folder="", after=after, size=10, text="77")
        found += [each.name for each in page.items]
        after, pages = page.next, pages + 1
    assert found == [f"{n:04}" for n in range(1000) if "77" in f"{n:04}"]
    assert pages >= 5


@pytest.mark.parametrize("lies", ["flat", "in folders"])
def test_a_page_of_a_large_folder_reads_few_rows(shelf, lies, django_assert_max_num_queries):
    """What a database reads is asked of SQLite itself; PostgreSQL's plan must use the key."""
    from django.db import connection

    from lagan.hub.datasets.folders import folder_page, neighbours

    paths = [f"{n:05}" if lies == "flat" else f"{n % 40:02}/{n:05}" for n in range(20_000)]
    dataset = shelf(paths)
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("ANALYZE datasets_entry")
    steps = steps_of(connection)
    with django_assert_max_num_queries(9):
        page = folder_page(dataset, folder="", after=None, size=50)
        folder_page(dataset, folder="", after=None, size=50, start=paths[-1])
        neighbours(dataset, paths[10_000])
    assert len(page.items) == (50 if lies == "flat" else 40)
    assert steps() < 40_000  # of SQLite's machine; reading all rows once takes 200,000


def steps_of(connection):
    """Counts the steps of SQLite's machine in hundreds; PostgreSQL has no such counter: there no
    table is read whole, as its own statistics say."""
    taken = [0]
    if connection.vendor == "sqlite":

        def count():
            taken[0] += 100

        connection.connection.set_progress_handler(count, 100)
        return lambda: (connection.connection.set_progress_handler(None, 100), taken[0])[1]

    def scans():
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT coalesce(sum(seq_tup_read), 0) FROM pg_stat_xact_user_tables "
                "WHERE relname = 'datasets_entry'"
            )
            return int(cursor.fetchone()[0])

    before = scans()
    return lambda: scans() - before


def test_a_folder_page_is_three_statements_however_much_lies_beneath(
    shelf, django_assert_num_queries
):
    from lagan.hub.datasets.folders import folder_page

    dataset = shelf([f"f{n % 50:02}/{n}" for n in range(2000)] + ["zz"])
    with django_assert_num_queries(3):
        page = folder_page(dataset, folder="", after=None, size=200)
    assert len(page.items) == 51
