"""Pages by key: every row once, in order, whatever the cursor's sender tries."""

from __future__ import annotations

import base64
import json
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lagan.hub.audit.models import Event
from lagan.hub.base.pages import page_by_key
from lagan.hub.tree.models import Entity
from lagan.hub.tree.services import Ground
from lagan.kit.errors import BadInput

FIRST = 10**9
"""Far from the numbers that the database gives, which on PostgreSQL go on from test to test."""


def fill(ground: Ground, names: list[str]) -> None:
    root = ground.root
    Entity.objects.bulk_create(
        Entity(id=n, type="GROUP" if n % 2 else "DATASET", name=name, parent=root, path=f"p{n}")
        for n, name in enumerate(names, start=FIRST)
    )


def walk(keys: tuple[str, ...], size: int) -> list[int]:
    found: list[int] = []
    after: str | None = None
    while True:
        page = page_by_key(Entity.objects.all(), keys=keys, after=after, size=size)
        assert len(page.items) <= size
        found += [each.id for each in page.items]
        after = page.next
        if after is None:
            return found


@pytest.mark.parametrize("keys", [("name", "id"), ("-name", "id"), ("name", "-id"), ("-id",)])
@pytest.mark.parametrize("size", [1, 2, 5, 100])
def test_pages_together_are_the_list(ground: Ground, keys: tuple[str, ...], size: int) -> None:
    fill(ground, ["b", "a", "B", "ž", "10", "9", "z z", "🜁", "a/", "aa"])
    whole = list(Entity.objects.order_by(*keys).values_list("id", flat=True))
    assert walk(keys, size) == whole


def test_names_sort_by_code_point_on_every_database(ground: Ground) -> None:
    fill(ground, ["b", "B", "ž", "a", "_", "z"])
    names = list(
        Entity.objects.filter(id__gte=FIRST).order_by("name").values_list("name", flat=True)
    )
    assert names == sorted(names)


def test_times_keep_their_microseconds(db: None) -> None:
    at = datetime(2024, 1, 1, tzinfo=UTC)
    Event.objects.bulk_create(
        Event(at=at + timedelta(microseconds=n), kind="x", actor="", data="{}", result="done")
        for n in (3, 1, 2)
    )
    page = page_by_key(Event.objects.all(), keys=("at", "id"), size=1)
    rest = page_by_key(Event.objects.all(), keys=("at", "id"), after=page.next)
    assert [each.at.microsecond for each in page.items + rest.items] == [1, 2, 3]


def test_a_key_may_lead_through_a_relation(ground: Ground) -> None:
    rows = Entity.objects.select_related("parent")
    page = page_by_key(rows, keys=("parent__name", "id"), size=1)
    rest = page_by_key(rows, keys=("parent__name", "id"), after=page.next)
    assert len(page.items + rest.items) == 3


def cursor(value: object) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).decode().rstrip("=")


@pytest.mark.parametrize(
    "after",
    [
        "x", "!!!", "ž", "\x00", cursor(7), cursor({}), cursor([]), cursor(["a"]),
        cursor(["a", "b"]),
        cursor(["a", None]), cursor(["a", [1]]), cursor(["a\x00", 1]), cursor(["\ud800", 1]),
        cursor(["a", float("inf")]), cursor(["a", 1, 2]), "W" * 100_000,
    ],
)  # fmt: skip
def test_a_cursor_of_another_list_is_refused(ground: Ground, after: str) -> None:
    with pytest.raises(BadInput, match="not made by this list"):
        page_by_key(Entity.objects.all(), keys=("name", "id"), after=after)


@settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    st.text()
    | st.recursive(st.none() | st.integers() | st.floats() | st.text(), st.lists).map(cursor)
)
def test_no_cursor_is_too_odd(ground: Ground, after: str) -> None:
    for keys in (("name", "id"), ("-created", "id"), ("id",)):
        try:
            page_by_key(Entity.objects.all(), keys=keys, after=after, size=1)
        except BadInput:
            continue


def test_a_page_has_a_row_and_not_a_million(ground: Ground) -> None:
    with pytest.raises(BadInput):
        page_by_key(Entity.objects.all(), keys=("id",), size=0)
    assert len(page_by_key(Entity.objects.all(), keys=("id",), size=10**9).items) == 3
