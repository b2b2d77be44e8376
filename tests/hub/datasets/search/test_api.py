"""The same search as an address, an API call with or without a body, and a saved one."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from lagan.hub.accounts import services as accounts
from lagan.hub.base.actors import SYSTEM, Actor
from lagan.hub.datasets import services as datasets
from lagan.hub.tree import services as tree

pytestmark = pytest.mark.django_db
Call = Callable[..., Any]


@pytest.fixture
def call(db: None, settings: Any) -> Call:
    """`call(method, path, status=200, data)` as alice, who has three datasets."""
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    root = accounts.bootstrap().root
    lab = tree.create_entity(by=SYSTEM, type="GROUP", name="lab", parent=root.pk)
    user = accounts.create_user(
        by=SYSTEM, username="alice", email="a@example.org", full_name="Alice", password="x" * 20
    )
    alice = Actor(user.entity_id, "alice", "jwt")
    for number in range(3):
        made = datasets.create_dataset(
            by=SYSTEM, name=f"scan {number}", group=lab.pk, owner=user.entity_id
        )
        tree.set_metadata(by=alice, entity=made.pk, values={".Sample": ["quartz", str(number)]})
    client = Client()
    client.force_login(user, "django.contrib.auth.backends.ModelBackend")

    def called(method: str, path: str, status: int = 200, data: Any = None) -> Any:
        ask = getattr(client, method)
        answer = ask(path, data, "application/json") if data is not None else ask(path)
        assert answer.status_code == status, answer.content
        return answer.json() if answer.content else None

    return called


WHERE = "where=.Sample+%3D+quartz&where=.Sample+%3E+0"


def test_get_and_post_find_the_same(call: Call) -> None:
    got = call("get", f"/api/search/?{WHERE}")
    posted = call("post", "/api/search/", data={"where": [".Sample = quartz", ".Sample > 0"]})
    assert got == posted
    assert [each["name"] for each in got["results"]] == ["scan 2", "scan 1"]
    assert (got["next"], got["searched_to"]) == (None, None)


def test_pages_follow_the_cursor(call: Call) -> None:
    first = call("get", "/api/search/?size=2&order=name")
    rest = call("get", f"/api/search/?size=2&order=name&after={first['next']}")
    found = [each["name"] for each in first["results"] + rest["results"]]
    assert found == ["scan 0", "scan 1", "scan 2"]


@pytest.mark.parametrize(
    ("path", "field"),
    [
        ("?where=%27", "where"), ("?where=.A+%3E+time%3Anoon", "value"), ("?order=up", "order"),
        ("?after=zz", "after"), ("?size=0", "size"), ("?match=most", "match"),
        ("?text=%00", "text"), ("?where=system.dataset.id+%3D+" + "9" * 40, "value"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_named(call: Call, path: str, field: str) -> None:
    problem = call("get", f"/api/search/{path}", 400)
    assert (problem["type"], problem["field"]) == ("/problems/bad-search", field)


def test_ten_thousand_conditions_are_refused(call: Call) -> None:
    many = [f".K{number} = 1" for number in range(10_000)]
    assert call("post", "/api/search/", 400, {"where": many})["field"] == "where"


def test_facets_and_keys(call: Call) -> None:
    counted = call("get", f"/api/search/facets/?{WHERE}&keys=.Sample")
    values = {each["key"]: each["values"] for each in counted["facets"]}
    assert values[".Sample"][0] == {"words": "quartz", "count": 2, "where": [".Sample = quartz"]}
    known = call("get", "/api/search/keys/")
    assert {"key": "system.dataset.size", "filter": "size", "choices": []} in known["system"]


def test_a_search_is_saved_run_changed_and_forgotten(call: Call) -> None:
    made = call(
        "post", "/api/search/saved/", 201, {"name": "ones", "search": {"where": [".Sample = 1"]}}
    )
    found = call("get", "/api/search/?saved=ones")
    assert [each["name"] for each in found["results"]] == ["scan 1"]
    assert call("patch", f"/api/search/saved/{made['id']}/", data={"name": "one"})["name"] == "one"
    assert [each["name"] for each in call("get", "/api/search/saved/")] == ["one"]
    call("delete", f"/api/search/saved/{made['id']}/", 204)
    call("get", "/api/search/?saved=one", 404)
